/** What is in the files that one can take along: one line a trade, or one line a fill. */
import type { Trade } from "../../live/private";
import { big } from "../../money/decimal";
import { type CsvColumn, csvOf, number, text } from "./csv";
import { dayOf } from "./days";
import type { TradeFilters } from "./filters";

export const EXPORTS = ["trades", "fills"] as const;
export type ExportKind = (typeof EXPORTS)[number];

type Fill = Trade["fills"][number];

/** A file and how many lines it has below its headings. */
export interface CsvFile {
  name: string;
  content: string;
  rows: number;
}

// The headings are the API's own names: whoever reads the file with a program knows them.
const TRADE_COLUMNS: readonly CsvColumn<Trade>[] = [
  { title: "created_at", cell: (trade) => text(trade.created_at) },
  { title: "updated_at", cell: (trade) => text(trade.updated_at) },
  { title: "trade_id", cell: (trade) => text(trade.trade_id) },
  { title: "symbol", cell: (trade) => text(trade.symbol) },
  { title: "side", cell: (trade) => text(trade.side) },
  { title: "type", cell: (trade) => text(trade.type) },
  { title: "time_in_force", cell: (trade) => text(trade.time_in_force) },
  { title: "status", cell: (trade) => text(trade.status) },
  { title: "quantity", cell: (trade) => number(trade.quantity) },
  { title: "quote_quantity", cell: (trade) => number(trade.quote_quantity) },
  { title: "price", cell: (trade) => number(trade.price) },
  { title: "stop_price", cell: (trade) => number(trade.stop_price) },
  { title: "executed_quantity", cell: (trade) => number(trade.executed_quantity) },
  { title: "executed_price", cell: (trade) => number(trade.executed_price) },
  { title: "commission", cell: (trade) => number(trade.commission) },
  { title: "commission_asset", cell: (trade) => text(trade.commission_asset) },
  { title: "failure_code", cell: (trade) => text(trade.failure?.["code"]) },
  { title: "failure_detail", cell: (trade) => text(trade.failure?.["detail"]) },
  { title: "ai_signal_id", cell: (trade) => text(trade.ai_signal_id) },
  { title: "client_order_id", cell: (trade) => text(trade.client_order_id) },
  { title: "venue_order_id", cell: (trade) => number(trade.venue_order_id) },
];

const FILL_COLUMNS: readonly CsvColumn<{ trade: Trade; fill: Fill }>[] = [
  { title: "time", cell: ({ fill }) => text(fill.time) },
  { title: "symbol", cell: ({ trade }) => text(trade.symbol) },
  { title: "side", cell: ({ trade }) => text(trade.side) },
  { title: "price", cell: ({ fill }) => number(fill.price) },
  { title: "quantity", cell: ({ fill }) => number(fill.quantity) },
  { title: "notional", cell: ({ fill }) => number(big(fill.price).times(big(fill.quantity))) },
  { title: "commission", cell: ({ fill }) => number(fill.commission) },
  { title: "commission_asset", cell: ({ fill }) => text(fill.commission_asset) },
  { title: "venue_trade_id", cell: ({ fill }) => number(fill.venue_trade_id) },
  { title: "trade_id", cell: ({ trade }) => text(trade.trade_id) },
];

/** Makes the file of these trades, in their order. */
export function fileOf(
  kind: ExportKind,
  trades: readonly Trade[],
  filters: TradeFilters,
  now: Date,
): CsvFile {
  const name = fileName(kind, filters, now);
  if (kind === "trades") {
    return { name, content: csvOf(TRADE_COLUMNS, trades), rows: trades.length };
  }
  const fills = trades.flatMap((trade) => trade.fills.map((fill) => ({ trade, fill })));
  return { name, content: csvOf(FILL_COLUMNS, fills), rows: fills.length };
}

function fileName(kind: ExportKind, { symbol, status }: TradeFilters, now: Date): string {
  const parts = ["bot-core", kind, symbol, status?.toLowerCase(), dayOf(now)];
  return `${parts.filter((part) => part !== undefined).join("-")}.csv`;
}
