import type { Schema } from "../../api/client";
import { Empty } from "../../ui/states";

/** Places an order for a symbol; stands beside the chart. */
export function Ticket({ symbol }: { symbol: Schema<"TradedSymbol"> }) {
  return <Empty title={`Orders for ${symbol.symbol} are placed here.`} />;
}
