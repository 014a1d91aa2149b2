/** Orders that can still fill, and the way to cancel them. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Schema } from "../../api/client";
import { openOrders, type Trade } from "../../live/private";
import { isLive } from "../../live/socket";
import { href } from "../../shell/router";
import { Card } from "../../ui/Card";
import { Price, SideBadge, StatusBadge } from "../../ui/numbers";
import { Empty, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { WorkflowLink } from "../../ui/WorkflowLink";
import { typeName } from "../trade/order";
import { CancelOrder } from "../trades/CancelOrder";
import { Filled } from "../trades/Filled";
import { NotLive } from "./NotLive";
import { titled } from "./OpenPositions";
import { ageOf } from "./worth";

type Symbols = ReadonlyMap<string, Schema<"TradedSymbol">>;

export function OpenOrders({ symbols }: { symbols: Symbols }) {
  const orders = openOrders.value;
  return (
    <Card title={titled("Open orders", orders)} actions={<NotLive />} isFlush>
      {orders === null ? (
        <Skeleton lines={4} />
      ) : orders.length === 0 ? (
        <Empty icon="clock" title="No order is open.">
          Orders with a price wait here until they fill or are canceled.
        </Empty>
      ) : (
        <Table
          caption="Orders that can still fill"
          columns={columnsOf(symbols)}
          rows={orders}
          keyOf={({ trade_id }) => trade_id}
          classOf={() => (isLive.value ? "" : "stale")}
        />
      )}
    </Card>
  );
}

function columnsOf(symbols: Symbols): Column<Trade>[] {
  const tickOf = ({ symbol }: Trade) => symbols.get(symbol)?.tick_size;
  return [
    { title: "Symbol", cell: ({ symbol }) => <a href={href("market", symbol)}>{symbol}</a> },
    {
      title: "Order",
      cell: ({ side, trade_id, type }) => (
        <a class="order-link" href={href("trades", trade_id)}>
          <SideBadge side={side} /> {typeName(type)}
        </a>
      ),
    },
    {
      title: "Price",
      isNumber: true,
      cell: (each) => <Given value={each.price} tick={tickOf(each)} none="market" />,
    },
    {
      title: "Stop",
      isNumber: true,
      cell: (each) => <Given value={each.stop_price} tick={tickOf(each)} none="none" />,
    },
    { title: "Filled", isNumber: true, cell: (each) => <Filled trade={each} /> },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    { title: "Age", isNumber: true, cell: ({ created_at }) => <Age since={created_at} /> },
    {
      title: "Actions",
      isTitleHidden: true,
      isNumber: true,
      cell: (each) => (
        <span class="row-actions">
          <WorkflowLink id={each.workflow_id} />
          <CancelOrder trade={each} />
        </span>
      ),
    },
  ];
}

/** A price that an order names, or the word for its having none. */
function Given(props: {
  value: Trade["price"];
  tick: Schema<"TradedSymbol">["tick_size"] | undefined;
  none: string;
}) {
  if (props.value === null) return <span class="muted">{props.none}</span>;
  return <Price value={props.value} step={props.tick} />;
}

const LOOK_EVERY_MS = 1_000;

function Age({ since }: { since: string }) {
  const text = useSignal(ageOf(since, Date.now()));
  useEffect(() => {
    const look = () => {
      text.value = ageOf(since, Date.now());
    };
    look();
    const clock = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(clock);
  }, [since, text]);
  return (
    <time dateTime={since} title={since}>
      {text}
    </time>
  );
}
