/** Legal holds: records that are kept until a hold on them is lifted. */
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { api, type Schema } from "../../api/client";
import { usePagedList } from "../../api/resource";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm, Dialog } from "../../ui/Dialog";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Failed } from "./Failed";
import { HoldForm } from "./HoldForm";
import { openRangeInWords } from "./ranges";
import { dataTypeName } from "./words";

type Hold = Schema<"HoldAnswer">;

export function Holds() {
  const [isAdding, setAdding] = useState(false);
  const [lifting, setLifting] = useState<Hold | null>(null);
  const list = usePagedList(
    (cursor, signal) =>
      api.get("/api/archives/holds", {
        query: { ...(cursor !== undefined && { cursor }) },
        signal,
      }),
    [],
  );
  return (
    <Card
      title="Legal holds"
      isFlush
      actions={
        <Button isSmall icon="plus" onClick={() => setAdding(true)}>
          Set a hold
        </Button>
      }
    >
      <Loaded of={list} lines={3}>
        {(holds) =>
          holds.length === 0 ? (
            <Empty icon="shield" title="Nothing is held.">
              A hold keeps records from cold storage and from being deleted.
            </Empty>
          ) : (
            <Table
              caption="Legal holds, the last set first"
              columns={columns(setLifting)}
              rows={holds}
              keyOf={(hold) => hold.hold_id}
            />
          )
        }
      </Loaded>
      <LoadMore of={list} />
      {isAdding && (
        <Dialog title="Set a legal hold" onClose={() => setAdding(false)}>
          <HoldForm
            onBack={() => setAdding(false)}
            onSet={() => {
              setAdding(false);
              list.reload();
              toast("The hold is set.", "good");
            }}
          />
        </Dialog>
      )}
      {lifting && (
        <Lift
          hold={lifting}
          onClose={() => setLifting(null)}
          onLifted={() => {
            setLifting(null);
            list.reload();
            toast("The hold is lifted.", "good");
          }}
        />
      )}
    </Card>
  );
}

function columns(lift: (hold: Hold) => void): Column<Hold>[] {
  return [
    { title: "Reason", cell: ({ reason }) => <span class="hold-reason">{reason}</span> },
    { title: "Records", cell: ({ data_type }) => (data_type ? dataTypeName(data_type) : "All") },
    { title: "Person", cell: ({ user_id }) => (user_id ? <code>{user_id}</code> : "Everybody") },
    {
      title: "Made (UTC)",
      cell: ({ from, to }) => <span class="figures">{openRangeInWords(from, to)}</span>,
    },
    { title: "Set", cell: ({ created_at }) => <Moment at={created_at} /> },
    {
      title: "Lift",
      isTitleHidden: true,
      cell: (hold) => (
        <Button isSmall label={`Lift the hold: ${hold.reason}`} onClick={() => lift(hold)}>
          Lift
        </Button>
      ),
    },
  ];
}

function Lift(props: { hold: Hold; onClose: () => void; onLifted: () => void }) {
  const lift = useAct(async () => {
    await api.del("/api/archives/holds/{hold_id}", { path: { hold_id: props.hold.hold_id } });
    props.onLifted();
  });
  return (
    <Confirm
      title="Lift the hold?"
      action="Lift the hold"
      isBusy={lift.isBusy}
      onConfirm={lift.run}
      onClose={props.onClose}
    >
      <div class="form">
        <p>
          “{props.hold.reason}”. What it kept goes on with the next run: to cold storage, or, at its
          last age, it is deleted.
        </p>
        <Failed problem={lift.problem} />
      </div>
    </Confirm>
  );
}
