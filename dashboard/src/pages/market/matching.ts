/** Finding symbols by what somebody types. */
import type { Schema } from "../../api/client";

export type TradedSymbol = Schema<"TradedSymbol">;

/** The symbols whose name holds what was typed, BTC before ABTC. */
export function matching(symbols: readonly TradedSymbol[], typed: string): TradedSymbol[] {
  const wanted = typed
    .trim()
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "");
  const found = symbols.filter(({ symbol }) => symbol.includes(wanted));
  return found.sort((a, b) => a.symbol.indexOf(wanted) - b.symbol.indexOf(wanted));
}
