/** Ends a session or starts it over; each asks once. */
import { useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import { format } from "../../money/decimal";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { counted, nameOf, type Portfolio } from "./performance";

type Act = "stop" | "reset";

export function SessionActions(props: {
  portfolio: Portfolio;
  onChanged: (answer: Portfolio) => void;
}) {
  const { session_id, status } = props.portfolio;
  const asked = useSignal<Act | null>(null);
  const isBusy = useSignal(false);
  const problem = useSignal<Problem | null>(null);
  const ask = (act: Act | null) => {
    problem.value = null;
    asked.value = act;
  };
  const carryOut = async (act: Act) => {
    isBusy.value = true;
    try {
      props.onChanged(await CALLS[act](session_id));
      ask(null);
      toast(act === "stop" ? "The paper session has ended" : "The paper session starts over");
    } catch (thrown) {
      problem.value = problemOf(thrown);
    }
    isBusy.value = false;
  };
  if (status === "STOPPED") return null;
  return (
    <>
      <Button isSmall icon="reload" onClick={() => ask("reset")}>
        Reset
      </Button>
      {status === "ACTIVE" && (
        <Button isSmall tone="danger" icon="stop" onClick={() => ask("stop")}>
          Stop
        </Button>
      )}
      {asked.value && (
        <ConfirmAct
          act={asked.value}
          portfolio={props.portfolio}
          isBusy={isBusy.value}
          problem={problem.value}
          onConfirm={(act) => void carryOut(act)}
          onClose={() => ask(null)}
        />
      )}
    </>
  );
}

// Neither has an idempotency key. Stopping twice is refused; a reset that is asked for again
// after no answer may start over twice, which loses nothing more unless one traded in between.
const CALLS: Record<Act, (session_id: string) => Promise<Portfolio>> = {
  stop: (session_id) =>
    api.post("/api/paper-trading/sessions/{session_id}/stop", { path: { session_id } }),
  reset: (session_id) =>
    api.post("/api/paper-trading/sessions/{session_id}/reset", { path: { session_id } }),
};

function ConfirmAct(props: {
  act: Act;
  portfolio: Portfolio;
  isBusy: boolean;
  problem: Problem | null;
  onConfirm: (act: Act) => void;
  onClose: () => void;
}) {
  const { act, portfolio, problem } = props;
  return (
    <Confirm
      title={act === "stop" ? "Stop this paper session?" : "Reset this paper session?"}
      action={act === "stop" ? "Stop session" : "Reset session"}
      isBusy={props.isBusy}
      onConfirm={() => props.onConfirm(act)}
      onClose={props.onClose}
    >
      <div class="form">
        {act === "stop" ? (
          <StopLoses portfolio={portfolio} />
        ) : (
          <ResetLoses portfolio={portfolio} />
        )}
        {problem && (
          <p class="form-error" role="alert">
            <Icon name="alert" /> {problem.message}
          </p>
        )}
      </div>
    </Confirm>
  );
}

function StopLoses({ portfolio }: { portfolio: Portfolio }) {
  return (
    <p>
      “{nameOf(portfolio)}” takes no more orders, for good.{" "}
      {canceledOrders(portfolio.open_orders.length)} What it holds and its trades stay readable, and
      you can still fork it.
    </p>
  );
}

function ResetLoses({ portfolio }: { portfolio: Portfolio }) {
  const { positions, initial_balance, quote_asset } = portfolio;
  const money = `${format(initial_balance, { places: 2 })} ${quote_asset}`;
  return (
    <>
      <p>
        “{nameOf(portfolio)}” starts over with {money} and the same seed. What is lost:
      </p>
      <ul class="paper-losses">
        <li>
          {positions.length === 0
            ? "its balances"
            : `its balances and ${counted(positions.length, "position")}`}
        </li>
        <li>its equity curve and statistics</li>
        {portfolio.open_orders.length > 0 && (
          <li>{counted(portfolio.open_orders.length, "resting order")}, canceled</li>
        )}
        {portfolio.forked_from && <li>what it began with as a fork</li>}
      </ul>
      <p>The list of trades stays.</p>
    </>
  );
}

function canceledOrders(count: number): string {
  if (count === 0) return "";
  return count === 1
    ? "Its resting order is canceled."
    : `Its ${count} resting orders are canceled.`;
}
