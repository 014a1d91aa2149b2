/** When a price may be taken for a live one. */

// As long as anything of the market arrives, a symbol may stand still for a while.
export const MARKET_SILENT_MS = 3_000;
export const SYMBOL_SILENT_MS = 30_000;

/** What is known of a symbol's latest price; moments of this page's clock in milliseconds. */
export interface Heard {
  now: number;
  /** When the latest frame of the whole market arrived. */
  marketAt: number;
  /** When this symbol's latest frame arrived; -Infinity while there was none. */
  symbolAt: number;
  /** The venue's time of this price (milliseconds since the epoch). */
  priceTime: number;
  /** The venue's time of the newest price of any symbol: its clock, as ours may be wrong. */
  newestTime: number;
}

/**
 * Whether a price is live: the market speaks, the symbol has spoken, and what it said is not
 * old by the venue's own clock (a snapshot brings the last price however long ago it was).
 */
export function isFresh({ now, marketAt, symbolAt, priceTime, newestTime }: Heard): boolean {
  return (
    now - marketAt < MARKET_SILENT_MS &&
    now - symbolAt < SYMBOL_SILENT_MS &&
    newestTime - priceTime < SYMBOL_SILENT_MS
  );
}
