/** The parts of a trade's record. */
import type { ComponentChildren } from "preact";
import type { Schema } from "../../api/client";
import type { Trade } from "../../live/private";
import { type Exact, format } from "../../money/decimal";
import { href } from "../../shell/router";
import { Card, Facts } from "../../ui/Card";
import { Moment } from "../../ui/Moment";
import { Price, Unknown } from "../../ui/numbers";
import { Empty } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { quotePlaces } from "../trade/known";
import { timeInForceName, typeName } from "../trade/order";
import { Filled } from "./Filled";
import { feesOf, grossOf, timelineOf } from "./record";

interface Part {
  trade: Trade;
  /** Its symbol's rules, while they are known. */
  symbol: Schema<"TradedSymbol"> | undefined;
}

function Amount({ value, asset }: { value: Exact; asset: string | undefined }) {
  return (
    <>
      {format(value, { upTo: 8 })} {asset && <span class="unit">{asset}</span>}
    </>
  );
}

/** What was executed, what it cost, and what it cost to do so. */
export function Result({ trade, symbol }: Part) {
  const value = grossOf(trade);
  const fees = feesOf(trade);
  const none = trade.fills.length === 0;
  return (
    <Card title="Execution">
      <Facts
        facts={[
          ["Filled", <Filled key="filled" trade={trade} />],
          ["Average price", <Price key="price" value={trade.executed_price} />],
          [
            trade.side === "BUY" ? "Cost" : "Proceeds",
            value ? (
              <>
                {format(value, symbol ? { places: quotePlaces(symbol) } : { upTo: 8 })}{" "}
                <span class="unit">{symbol?.quote_asset}</span>
              </>
            ) : (
              <Unknown why="nothing has filled" />
            ),
          ],
          [
            fees.length > 1 ? "Fees" : "Fee",
            none ? (
              <Unknown why="nothing has filled" />
            ) : (
              fees.map(({ asset, amount }) => (
                <div key={asset}>
                  <Amount value={amount} asset={asset} />
                </div>
              ))
            ),
          ],
        ]}
      />
      {trade.failure && (
        <p class="trade-failure">
          {trade.failure["detail"]} <span class="error-code">{trade.failure["code"]}</span>
        </p>
      )}
    </Card>
  );
}

/** What was asked for. */
export function OrderFacts({ trade, symbol }: Part) {
  const facts: [ComponentChildren, ComponentChildren][] = [["Type", typeName(trade.type)]];
  const add = (name: string, value: Exact | null, asset: string | undefined) => {
    if (value !== null) facts.push([name, <Amount key={name} value={value} asset={asset} />]);
  };
  add("Quantity", trade.quantity, symbol?.base_asset);
  add("For", trade.quote_quantity, symbol?.quote_asset);
  add("Price", trade.price, symbol?.quote_asset);
  add("Stop price", trade.stop_price, symbol?.quote_asset);
  if (trade.time_in_force) facts.push(["Time in force", timeInForceName(trade.time_in_force)]);
  if (trade.ai_signal_id) {
    const address = href("analyses", trade.ai_signal_id);
    facts.push([
      "Suggested by",
      <a key="signal" href={address}>
        an analysis
      </a>,
    ]);
  }
  facts.push(
    ["Trade id", <Id key="trade" of={trade.trade_id} />],
    ["Client order id", <Id key="client" of={trade.client_order_id} />],
    ["Venue order id", <Id key="venue" of={trade.venue_order_id} />],
    ["Workflow id", <Id key="workflow" of={trade.workflow_id} />],
  );
  return (
    <Card title="Order" class="trade-order">
      <Facts facts={facts} />
    </Card>
  );
}

function Id({ of: id }: { of: string | null }) {
  return id === null ? <Unknown why="the venue has not told one" /> : <span class="id">{id}</span>;
}

/** What happened when. */
export function Timeline({ trade }: { trade: Trade }) {
  return (
    <Card title="Timeline">
      <ol class="timeline">
        {timelineOf(trade).map(({ at, text }, index) => (
          <li key={index}>
            <span>{text}</span>
            <Moment at={at} />
          </li>
        ))}
      </ol>
    </Card>
  );
}

type Fill = Trade["fills"][number];

/** Every execution at the venue. */
export function Fills({ trade, symbol }: Part) {
  const columns: readonly Column<Fill>[] = [
    { title: "Time", cell: (fill) => <Moment at={fill.time} /> },
    {
      title: "Price",
      isNumber: true,
      cell: (fill) => <Price value={fill.price} step={symbol?.tick_size} />,
    },
    {
      title: "Quantity",
      isNumber: true,
      cell: (fill) => <Price value={fill.quantity} step={symbol?.step_size} />,
    },
    {
      title: "Fee",
      isNumber: true,
      cell: (fill) => <Amount value={fill.commission} asset={fill.commission_asset} />,
    },
    { title: "Venue trade id", isNumber: true, cell: (fill) => fill.venue_trade_id },
  ];
  return (
    <Card title="Fills" isFlush>
      {trade.fills.length === 0 ? (
        <Empty icon="layers" title="Nothing has filled." />
      ) : (
        <Table
          caption="Fills of this trade"
          columns={columns}
          rows={trade.fills}
          keyOf={(fill) => fill.venue_trade_id}
        />
      )}
    </Card>
  );
}
