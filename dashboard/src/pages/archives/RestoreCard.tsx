/** Brings records back from cold storage, which may take hours. */
import { useSignal } from "@preact/signals";
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Dialog";
import { Field, Select } from "../../ui/Field";
import { Failed } from "./Failed";
import { daysIn, lastDayBefore, periodOf, type Range, readRange } from "./ranges";
import type { Asked } from "./StartedWork";
import { DATA_TYPES, type DataType, dataTypeName } from "./words";

export function RestoreCard({ onAsked }: { onAsked: (work: Asked) => void }) {
  const [type, setType] = useState<DataType>("trades");
  const [asked, ask] = useState<Range | null>(null);
  const first = useSignal("");
  const last = useSignal("");
  const isTried = useSignal(false);
  const read = readRange({ first: first.value, last: last.value });
  const errors = isTried.value ? read.errors : undefined;

  const restore = useAct(async (range: Range) => {
    try {
      const answer = await api.post("/api/archives/restore", {
        body: { data_type: type, ...range },
      });
      onAsked({
        id: answer.workflow_id,
        what: `Restore: ${dataTypeName(type)}, ${periodInWords(range)}`,
        at: new Date().toISOString(),
        isJoined: answer.already_running,
      });
    } finally {
      ask(null);
    }
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    isTried.value = true;
    restore.forget();
    if (read.range) ask(read.range);
  };

  return (
    <Card title="Restore">
      <form class="form" noValidate onSubmit={submit}>
        <Select label="Records" value={type} choices={DATA_TYPES} onChange={setType} />
        <div class="day-fields">
          <Field label="First day (UTC)" type="date" value={first} error={errors?.first} />
          <Field label="Last day (UTC)" type="date" value={last} error={errors?.last} />
        </div>
        <p class="form-note">
          Both days are restored. What comes back is kept apart from the hot records, for a while.
        </p>
        <Failed problem={restore.problem} />
        <div class="row">
          <Button type="submit" isBusy={restore.isBusy}>
            Restore
          </Button>
        </div>
      </form>
      {asked && (
        <Confirm
          title={`Restore ${dataTypeName(type).toLowerCase()}?`}
          action="Restore"
          isBusy={restore.isBusy}
          onConfirm={() => restore.run(asked)}
          onClose={() => ask(null)}
        >
          <p>
            {periodInWords(asked)} (UTC), {daysInWords(asked)}. Every file of that time is fetched
            from its storage, which may take hours and may cost money there. What is hot or archived
            is left out.
          </p>
        </Confirm>
      )}
    </Card>
  );
}

function periodInWords({ from, to }: Range): string {
  return periodOf(from, `${lastDayBefore(to)}T00:00:00.000Z`);
}

function daysInWords(range: Range): string {
  const days = daysIn(range);
  return days === 1 ? "one day" : `${days} days`;
}
