/** Asks once before another trading state: Enter says yes, Escape leaves all as it is. */
import { useSignal } from "@preact/signals";
import type { Problem } from "../../api/problem";
import { openOrders, openPositions } from "../../live/private";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { consequences, type TradingState, WORDS } from "./states";

// As the API takes it.
const MAX_REASON_CHARACTERS = 200;

export function StateDialog(props: {
  state: TradingState;
  isBusy: boolean;
  problem: Problem | null;
  onConfirm: (reason: string) => void;
  onClose: () => void;
}) {
  const { state, isBusy, problem } = props;
  const reason = useSignal("");
  const open = {
    orders: openOrders.value?.length ?? null,
    positions: openPositions.value?.length ?? null,
  };
  return (
    <Dialog title={WORDS[state].question} onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          props.onConfirm(reason.value);
        }}
      >
        <ul class="consequences">
          {consequences(state, open).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        <Field
          label="Reason (optional)"
          value={reason}
          maxLength={MAX_REASON_CHARACTERS}
          error={problem?.fieldMessage("reason")}
          hint="Kept beside the state and in your activity."
        />
        {problem && <Refused problem={problem} />}
        <div class="dialog-actions">
          <Button onClick={props.onClose}>Back</Button>
          {state === "HALTED" ? (
            <Button type="submit" tone="sell" isBusy={isBusy}>
              {WORDS[state].action}
            </Button>
          ) : (
            <Button type="submit" tone="primary" isBusy={isBusy}>
              {WORDS[state].action}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Refused({ problem }: { problem: Problem }) {
  return (
    <p class="form-error" role="alert">
      <Icon name="alert" />
      <span>
        {problem.message}{" "}
        {problem.isOutcomeUnknown && "It is not known whether it was carried out: ask again."}
      </span>
    </p>
  );
}
