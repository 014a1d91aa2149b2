import { api } from "../../api/client";
import { usePagedList, useResource } from "../../api/resource";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Badge } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { type Delivery, stateLook } from "./deliveries";
import { readSettings } from "./useSettings";

/** What became of everything that was sent. */
export function DeliveriesTab() {
  const list = usePagedList<Delivery>(
    (cursor, signal) => api.get("/api/notifications/deliveries", { query: { cursor }, signal }),
    [],
  );
  const targets = useResource(readSettings, []).value?.targets;
  const names = new Map(targets?.map(({ target_id, name }) => [target_id, name]));
  return (
    <Card
      title="Deliveries"
      isFlush
      actions={
        <Button
          isSmall
          icon="reload"
          isBusy={list.isLoading && list.value !== null}
          onClick={list.reload}
        >
          Read again
        </Button>
      }
    >
      <Loaded of={list} lines={6}>
        {(deliveries) =>
          deliveries.length === 0 ? (
            <Empty icon="bell" title="Nothing was sent yet">
              What is sent to your targets is listed here for 30 days.
            </Empty>
          ) : (
            <Table
              caption="Deliveries, newest first"
              columns={columnsOf(names)}
              rows={deliveries}
              keyOf={({ delivery_id }) => delivery_id}
            />
          )
        }
      </Loaded>
      <LoadMore of={list} />
    </Card>
  );
}

function columnsOf(names: ReadonlyMap<string, string>): readonly Column<Delivery>[] {
  return [
    { title: "Time", cell: ({ created_at }) => <Moment at={created_at} /> },
    {
      title: "Target",
      cell: ({ target_id }) => names.get(target_id) ?? <span class="muted">Removed</span>,
    },
    { title: "State", cell: ({ state }) => <StateSign state={state} /> },
    { title: "Attempts", isNumber: true, isMinor: true, cell: ({ attempts }) => attempts },
    { title: "Answer", cell: ({ detail }) => detail || <span class="muted">–</span> },
    {
      title: "Next or last",
      isMinor: true,
      cell: ({ due_at, finished_at }) => <Moment at={finished_at ?? due_at} />,
    },
  ];
}

function StateSign({ state }: { state: string }) {
  const { words, icon, tone } = stateLook(state);
  return (
    <Badge tone={tone}>
      <span class="sign">
        <Icon name={icon} /> {words}
      </span>
    </Badge>
  );
}
