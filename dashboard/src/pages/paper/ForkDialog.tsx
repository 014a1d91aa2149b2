/** Starts a new session with what this one held after one of its trades. */
import { useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { format, signOf } from "../../money/decimal";
import { href, navigate } from "../../shell/router";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { PaperBadge } from "./PaperBadge";
import { nameOf, type Session } from "./performance";
import { SubmitProblem } from "./SubmitProblem";
import type { PaperTrade } from "./trades";
import { useSubmit } from "./useSubmit";

const MOST_CHARACTERS = 100;

export function ForkDialog(props: { session: Session; trade: PaperTrade; onClose: () => void }) {
  const { session, trade } = props;
  const proposed = `${nameOf(session)}, from order ${trade.number}`.slice(0, MOST_CHARACTERS);
  const name = useSignal(proposed);
  const submission = useSubmit(
    (body: { trade_id: string; name: string }, headers) =>
      api.post("/api/paper-trading/sessions/{session_id}/fork", {
        path: { session_id: session.session_id },
        body,
        headers,
      }),
    (fork) => {
      props.onClose();
      toast(`Forked: you are in “${nameOf(fork)}” now`, "good");
      navigate(href("paper", fork.session_id));
    },
  );
  const send = () => submission.submit({ trade_id: trade.trade_id, name: name.value.trim() });
  return (
    <Dialog title={`Fork after order ${trade.number}`} onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <p class="form-note">
          <PaperBadge /> A new session begins with the balances and positions as they were after{" "}
          {heldAfter(trade)}. Orders that rested then are not taken along. This session stays as it
          is.
        </p>
        <Field
          label="Name of the new session"
          value={name}
          maxLength={MOST_CHARACTERS}
          error={submission.problem?.fieldMessage("name")}
        />
        <SubmitProblem {...submission} what="the session was forked" onAskAgain={send} />
        <div class="dialog-actions">
          <Button onClick={props.onClose}>Back</Button>
          <Button type="submit" tone="primary" icon="fork" isBusy={submission.isBusy}>
            Fork session
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function heldAfter({ side, executed_quantity, symbol, number }: PaperTrade): string {
  if (signOf(executed_quantity) === 0) return `order ${number}, of which nothing has filled`;
  return `${side} ${format(executed_quantity)} ${symbol}`;
}
