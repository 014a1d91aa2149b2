/** Archives what is old enough now, or only reports what would be done. */
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Dialog";
import { Select } from "../../ui/Field";
import { Failed } from "./Failed";
import type { Asked } from "./StartedWork";
import { DATA_TYPES, type DataType, dataTypeName } from "./words";

export function RunCard({ onAsked }: { onAsked: (work: Asked) => void }) {
  const [type, setType] = useState<DataType>("trades");
  const [isAsking, setAsking] = useState(false);
  const run = useAct(async (isDry: boolean) => {
    try {
      const body = { data_type: type, dry_run: isDry };
      const answer = await api.post("/api/archives/run", { body });
      onAsked({
        id: answer.workflow_id,
        what: `${isDry ? "Dry run" : "Archive run"}: ${dataTypeName(type)}`,
        at: new Date().toISOString(),
        isJoined: answer.already_running,
      });
    } finally {
      setAsking(false);
    }
  });
  return (
    <Card title="Archive now">
      <div class="form">
        <Select label="Records" value={type} choices={DATA_TYPES} onChange={setType} />
        <p class="form-note">
          Runs come by themselves, too. A dry run moves nothing: its report says what would be done.
        </p>
        <Failed problem={run.problem} />
        <div class="row">
          <Button isBusy={run.isBusy} onClick={() => run.run(true)}>
            Dry run
          </Button>
          <Button
            tone="primary"
            isBusy={run.isBusy}
            onClick={() => {
              run.forget();
              setAsking(true);
            }}
          >
            Archive now
          </Button>
        </div>
      </div>
      {isAsking && (
        <Confirm
          title={`Archive ${dataTypeName(type).toLowerCase()} now?`}
          action="Archive now"
          isBusy={run.isBusy}
          onConfirm={() => run.run(false)}
          onClose={() => setAsking(false)}
        >
          <p>
            What is old enough moves to the archive and to cold storage, and what has reached its
            last age is deleted. Records under a legal hold stay.
          </p>
        </Confirm>
      )}
    </Card>
  );
}
