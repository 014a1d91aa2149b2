/** What trades come to, where that can be said exactly. */
import type Big from "big.js";
import type { Trade } from "../../live/private";
import { big } from "../../money/decimal";

/** So much of an asset. */
export interface Amount {
  asset: string;
  value: Big;
}

/** Worth of everything bought and sold, and fees, each by asset. */
export interface Totals {
  bought: readonly Amount[];
  sold: readonly Amount[];
  fees: readonly Amount[];
}

/**
 * Adds up fills; an average price may be cut, so it is no ground for a sum.
 *
 * Null where a sum would be a guess: an outcome is not known yet, fills do not come to what was
 * executed, or it is not known what a symbol is paid in.
 */
export function totalsOf(
  trades: readonly Trade[],
  quoteAssetOf: (symbol: string) => string | undefined,
): Totals | null {
  const sums = { bought: new Sums(), sold: new Sums(), fees: new Sums() };
  for (const trade of trades) {
    if (trade.status === "UNKNOWN" || !isComplete(trade)) return null;
    if (trade.fills.length === 0) continue;
    const quoteAsset = quoteAssetOf(trade.symbol);
    if (quoteAsset === undefined) return null;
    const turnover = trade.side === "BUY" ? sums.bought : sums.sold;
    for (const { price, quantity, commission, commission_asset } of trade.fills) {
      turnover.add(quoteAsset, big(price).times(big(quantity)));
      sums.fees.add(commission_asset, big(commission));
    }
  }
  return { bought: sums.bought.list(), sold: sums.sold.list(), fees: sums.fees.list() };
}

/** The fees of one trade; it may have been paid in more than one asset. */
export function feesOf(trade: Trade): readonly Amount[] {
  const fees = new Sums();
  for (const { commission, commission_asset } of trade.fills) {
    fees.add(commission_asset, big(commission));
  }
  return fees.list();
}

function isComplete({ fills, executed_quantity }: Trade): boolean {
  const filled = fills.reduce((sum, { quantity }) => sum.plus(big(quantity)), big(0));
  return filled.eq(big(executed_quantity));
}

class Sums {
  #values = new Map<string, Big>();

  add(asset: string, value: Big): void {
    this.#values.set(asset, (this.#values.get(asset) ?? big(0)).plus(value));
  }

  list(): Amount[] {
    const amounts = [...this.#values].map(([asset, value]) => ({ asset, value }));
    return amounts.sort((one, other) => one.asset.localeCompare(other.asset));
  }
}
