/** Trades, one a line. */
import { isOperator } from "../../api/session";
import type { Trade } from "../../live/private";
import { type Exact, format, formatByStep, isMultipleOf, signOf } from "../../money/decimal";
import { href } from "../../shell/router";
import { Moment } from "../../ui/Moment";
import { SideBadge, Unknown } from "../../ui/numbers";
import { type Column, Table } from "../../ui/Table";
import { WorkflowLink } from "../../ui/WorkflowLink";
import type { TradedSymbol } from "../market/matching";
import { StatusSign } from "./StatusSign";
import { feesOf } from "./totals";

/** What is traded, by symbol; empty while it is not known. */
export type Rules = ReadonlyMap<string, TradedSymbol>;

export function TradesTable({ trades, rules }: { trades: readonly Trade[]; rules: Rules }) {
  return (
    <Table
      caption="Trades, newest first"
      columns={isOperator.value ? [...columnsOf(rules), WORKFLOW] : columnsOf(rules)}
      rows={trades}
      keyOf={({ trade_id }) => trade_id}
    />
  );
}

const WORKFLOW: Column<Trade> = {
  title: "Workflow",
  isTitleHidden: true,
  cell: ({ workflow_id }) => <WorkflowLink id={workflow_id} />,
};

function columnsOf(rules: Rules): readonly Column<Trade>[] {
  const tick = ({ symbol }: Trade) => rules.get(symbol)?.tick_size;
  const step = ({ symbol }: Trade) => rules.get(symbol)?.step_size;
  return [
    { title: "Time", cell: ({ created_at }) => <Moment at={created_at} /> },
    {
      title: "Symbol",
      cell: ({ trade_id, symbol }) => (
        <a class="trade-link" href={href("trades", trade_id)}>
          {symbol}
        </a>
      ),
    },
    { title: "Side", cell: ({ side }) => <SideBadge side={side} /> },
    { title: "Type", isMinor: true, cell: ({ type }) => typeWord(type) },
    {
      title: "Quantity",
      isNumber: true,
      isMinor: true,
      cell: (trade) => <Quantity trade={trade} step={step(trade)} rules={rules} />,
    },
    {
      title: "Executed",
      isNumber: true,
      cell: (trade) => <Exactly value={trade.executed_quantity} step={step(trade)} />,
    },
    {
      title: "Price",
      isNumber: true,
      cell: (trade) => <PriceOf trade={trade} tick={tick(trade)} />,
    },
    { title: "Fee", isNumber: true, cell: (trade) => <Fee trade={trade} /> },
    { title: "Status", cell: ({ status }) => <StatusSign status={status} /> },
  ];
}

const TYPE_WORDS: Record<string, string> = {
  MARKET: "Market",
  LIMIT: "Limit",
  STOP_LOSS_LIMIT: "Stop-limit",
  TAKE_PROFIT_LIMIT: "Take-profit-limit",
};

function typeWord(type: string): string {
  return TYPE_WORDS[type] ?? type;
}

/** A number with the digits of its step, and all of them where it has more. */
function Exactly({ value, step }: { value: Exact | null; step: Exact | undefined }) {
  if (value === null) return <Unknown />;
  const fits = step !== undefined && signOf(step) > 0 && isMultipleOf(value, step);
  return <span class="figures">{fits ? formatByStep(value, step) : format(value)}</span>;
}

/** An order for so much money has no quantity before it is executed. */
function Quantity(props: { trade: Trade; step: Exact | undefined; rules: Rules }) {
  const { quantity, quote_quantity, symbol } = props.trade;
  if (quantity !== null) return <Exactly value={quantity} step={props.step} />;
  if (quote_quantity === null) return <Unknown />;
  return (
    <span class="figures">
      {format(quote_quantity)} <span class="unit">{props.rules.get(symbol)?.quote_asset}</span>
    </span>
  );
}

/** What was paid on average; before that, what the order asks for. */
function PriceOf({ trade, tick }: { trade: Trade; tick: Exact | undefined }) {
  if (trade.executed_price !== null) return <Exactly value={trade.executed_price} step={tick} />;
  const [asked, word] = trade.price !== null ? [trade.price, "limit"] : [trade.stop_price, "stop"];
  if (asked === null) return <Unknown why="nothing was executed" />;
  return (
    <span class="muted">
      {word} <Exactly value={asked} step={tick} />
    </span>
  );
}

function Fee({ trade }: { trade: Trade }) {
  const fees = feesOf(trade);
  if (fees.length === 0) return <Unknown why="nothing was executed" />;
  return (
    <>
      {fees.map(({ asset, value }) => (
        <div key={asset} class="figures">
          {format(value)} <span class="unit">{asset}</span>
        </div>
      ))}
    </>
  );
}
