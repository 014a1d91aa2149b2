/** Orders that wait in a session, and their cancellation. */
import { useSignal } from "@preact/signals";
import { api, type Schema } from "../../api/client";
import { problemOf } from "../../api/problem";
import { format } from "../../money/decimal";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Dialog";
import { Moment } from "../../ui/Moment";
import { Price, SideBadge, StatusBadge, Unknown } from "../../ui/numbers";
import { Empty } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { isActive, type Portfolio } from "./performance";
import type { RulesOf } from "./rules";
import { type PaperTrade, typeText } from "./trades";

type OpenOrder = Schema<"OpenOrderAnswer">;

export function OpenOrders(props: {
  portfolio: Portfolio;
  rules: RulesOf;
  onCanceled: (trade: PaperTrade) => void;
}) {
  const { portfolio, rules } = props;
  const asked = useSignal<OpenOrder | null>(null);
  const columns = columnsOf(rules);
  if (isActive(portfolio)) {
    columns.push({
      title: "Cancel",
      isTitleHidden: true,
      isNumber: true,
      cell: (order) => (
        <Button
          isSmall
          label={`Cancel paper order ${order.number}: ${inWords(order)}`}
          onClick={() => {
            asked.value = order;
          }}
        >
          Cancel…
        </Button>
      ),
    });
  }
  return (
    <Card
      title="Resting orders"
      class={isActive(portfolio) ? "paper-table paper-acted" : "paper-table"}
      isFlush
    >
      {portfolio.open_orders.length === 0 ? (
        <Empty icon="clock" title="No order waits." />
      ) : (
        <Table
          caption="Resting orders of this paper session"
          columns={columns}
          rows={portfolio.open_orders}
          keyOf={({ trade_id }) => trade_id}
        />
      )}
      {asked.value && (
        <CancelDialog
          order={asked.value}
          onCanceled={props.onCanceled}
          onClose={() => {
            asked.value = null;
          }}
        />
      )}
    </Card>
  );
}

function inWords({ side, type, symbol, quantity, price }: OpenOrder): string {
  const size = quantity === null ? "" : ` ${format(quantity)}`;
  const at = price === null ? "" : ` at ${format(price)}`;
  return `${side} ${typeText(type).toLowerCase()},${size} ${symbol}${at}`;
}

function CancelDialog(props: {
  order: OpenOrder;
  onCanceled: (trade: PaperTrade) => void;
  onClose: () => void;
}) {
  const { session_id, trade_id } = props.order;
  const isBusy = useSignal(false);
  const cancel = async () => {
    isBusy.value = true;
    try {
      const path = { session_id, trade_id };
      props.onCanceled(
        await api.del("/api/paper-trading/sessions/{session_id}/orders/{trade_id}", { path }),
      );
      props.onClose();
    } catch (thrown) {
      toast(`Not canceled: ${problemOf(thrown).message}`, "bad");
      props.onClose();
    }
  };
  return (
    <Confirm
      title="Cancel this paper order?"
      action="Cancel order"
      isBusy={isBusy.value}
      onConfirm={() => void cancel()}
      onClose={props.onClose}
    >
      <p>
        {inWords(props.order)}. What has filled of it stays. The other order of a stop and target
        pair is canceled with it.
      </p>
    </Confirm>
  );
}

const PHASES: Record<string, string> = {
  WAITING: "waits for its stop",
  TRIGGERED: "triggered",
  RESTING: "in the book",
};

function columnsOf(rules: RulesOf): Column<OpenOrder>[] {
  const tick = (symbol: string) => rules(symbol)?.tick_size;
  return [
    { title: "Placed", cell: ({ created_at }) => <Moment at={created_at} /> },
    { title: "Symbol", cell: ({ symbol }) => <strong>{symbol}</strong> },
    { title: "Side", cell: ({ side }) => <SideBadge side={side} /> },
    { title: "Type", cell: ({ type }) => typeText(type) },
    {
      title: "Price",
      isNumber: true,
      cell: ({ price, symbol }) => <Price value={price} step={tick(symbol)} />,
    },
    {
      title: "Stop",
      isNumber: true,
      isMinor: true,
      cell: ({ stop_price, symbol }) =>
        stop_price === null ? (
          <span class="muted">none</span>
        ) : (
          <Price value={stop_price} step={tick(symbol)} />
        ),
    },
    {
      title: "Filled",
      isNumber: true,
      cell: ({ executed_quantity, quantity }) => (
        <>
          <Price value={executed_quantity} /> <span class="muted">of</span>{" "}
          <Price value={quantity} />
        </>
      ),
    },
    {
      title: "State",
      cell: ({ status, phase }) => (
        <>
          <StatusBadge status={status} />{" "}
          <span class="muted">{phase === null ? "" : (PHASES[phase] ?? phase.toLowerCase())}</span>
        </>
      ),
    },
    {
      title: "Ahead in queue",
      isNumber: true,
      isMinor: true,
      cell: ({ queue_ahead, phase }) =>
        queue_ahead === null ? (
          <Unknown why={phase === "RESTING" ? "not known yet" : "not in the queue yet"} />
        ) : (
          <Price value={queue_ahead} />
        ),
    },
  ];
}
