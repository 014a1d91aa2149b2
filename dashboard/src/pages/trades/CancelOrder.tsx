/** Cancels an order that is still open; asks once. */
import { useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import { type Trade, takeOrder } from "../../live/private";
import { format } from "../../money/decimal";
import { href } from "../../shell/router";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { recoverFocus } from "../../ui/focus";
import { ErrorCard } from "../../ui/states";
import { typeName } from "../trade/order";

type Step =
  | { at: "idle" }
  | { at: "asking"; problem: Problem | null }
  | { at: "canceling"; isShown: boolean };

/** `onAnswer`: what the API answered with. Events tell everybody else. */
export function CancelOrder(props: { trade: Trade; onAnswer?: (trade: Trade) => void }) {
  const { trade } = props;
  const step = useSignal<Step>({ at: "idle" });
  const isBusy = step.value.at === "canceling";

  const cancel = async () => {
    step.value = { at: "canceling", isShown: true };
    const found = await canceled(trade);
    if (found instanceof Error) {
      step.value = { at: "asking", problem: found };
      return;
    }
    step.value = { at: "idle" };
    takeOrder(found);
    props.onAnswer?.(found);
    recoverFocus();
  };
  const now = step.value;
  const isDialogShown = now.at === "asking" || (now.at === "canceling" && now.isShown);
  return (
    <>
      <Button
        isSmall
        isBusy={isBusy}
        label={`Cancel ${trade.side} ${trade.symbol}`}
        onClick={() => {
          step.value = { at: "asking", problem: null };
        }}
      >
        {isBusy ? "Canceling" : "Cancel"}
      </Button>
      {isDialogShown && (
        <Confirm
          title="Cancel this order?"
          action="Cancel the order"
          isBusy={isBusy}
          onConfirm={() => void cancel()}
          onClose={() => {
            step.value = isBusy ? { at: "canceling", isShown: false } : { at: "idle" };
          }}
        >
          <p>{described(trade)}</p>
          {now.at === "asking" && now.problem && <ErrorCard problem={now.problem} />}
        </Confirm>
      )}
    </>
  );
}

/** The order as it is after the attempt; a problem where nobody knows, or nothing changed. */
async function canceled(trade: Trade): Promise<Trade | Problem> {
  const path = { trade_id: trade.trade_id };
  try {
    return await api.del("/api/trades/{trade_id}", { path });
  } catch (thrown) {
    const problem = problemOf(thrown);
    if (problem.code !== "NOT_CANCELABLE") return problem;
    // Its row may be gone by now: this has to be told where it stays.
    const what = `${trade.side} ${trade.symbol} cannot be canceled any more`;
    toast(`${what}: ${problem.message} (${problem.code})`, "bad", href("trades", trade.trade_id));
    return api.get("/api/trades/{trade_id}", { path }).catch(problemOf);
  }
}

function described({ side, symbol, type, quantity, executed_quantity, price }: Trade): string {
  const size = quantity === null ? "" : ` ${format(quantity)}`;
  const at = price === null ? "" : ` at ${format(price)}`;
  const filled = Number(executed_quantity) > 0;
  const rest = filled ? ` ${format(executed_quantity)} of it has filled and stays.` : "";
  return `${typeName(type)} ${side === "BUY" ? "purchase" : "sale"} of${size} ${symbol}${at}.${rest}`;
}
