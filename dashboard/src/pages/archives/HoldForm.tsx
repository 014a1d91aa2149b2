/** What a new hold keeps; whatever is left out restricts nothing. */
import { useSignal } from "@preact/signals";
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { Button } from "../../ui/Button";
import { Field, Select } from "../../ui/Field";
import { Failed } from "./Failed";
import { type Range, readOpenRange } from "./ranges";
import { DATA_TYPES, type DataType } from "./words";

// As the API takes them.
const MAX_REASON_CHARACTERS = 500;
const MAX_USER_ID_CHARACTERS = 64;

const KINDS = [["all", "All"], ...DATA_TYPES] as const;

export function HoldForm(props: { onBack: () => void; onSet: () => void }) {
  const [type, setType] = useState<DataType | "all">("all");
  const reason = useSignal("");
  const userId = useSignal("");
  const first = useSignal("");
  const last = useSignal("");
  const isTried = useSignal(false);
  const days = readOpenRange({ first: first.value, last: last.value });
  const errors = isTried.value ? days.errors : undefined;
  const lacksReason = reason.value.trim() === "";

  const set = useAct(async (range: Partial<Range>) => {
    const person = userId.value.trim();
    await api.post("/api/archives/holds", {
      body: {
        reason: reason.value,
        ...(type !== "all" && { data_type: type }),
        ...(person !== "" && { user_id: person }),
        ...range,
      },
    });
    props.onSet();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    isTried.value = true;
    if (days.range && !lacksReason) set.run(days.range);
  };

  return (
    <form class="form" noValidate onSubmit={submit}>
      <Field
        label="Reason"
        value={reason}
        maxLength={MAX_REASON_CHARACTERS}
        error={isTried.value && lacksReason ? "A hold needs a reason" : undefined}
      />
      <Select label="Records" value={type} choices={KINDS} onChange={setType} />
      <Field
        label="Person’s id (optional)"
        value={userId}
        maxLength={MAX_USER_ID_CHARACTERS}
        error={set.problem?.fieldMessage("user_id")}
        hint="Left out: everybody’s records."
      />
      <div class="day-fields">
        <Field label="First day, UTC (optional)" type="date" value={first} error={errors?.first} />
        <Field label="Last day, UTC (optional)" type="date" value={last} error={errors?.last} />
      </div>
      <Failed problem={set.problem} />
      <div class="dialog-actions">
        <Button onClick={props.onBack}>Back</Button>
        <Button type="submit" tone="primary" isBusy={set.isBusy}>
          Set the hold
        </Button>
      </div>
    </form>
  );
}
