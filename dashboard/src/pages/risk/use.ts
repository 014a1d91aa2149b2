/** How much of a limit is used, reckoned as the API does before it accepts an order. */
import type Big from "big.js";
import { big, type Decimal, type Exact, signOf } from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";

/** The members of a position that count. */
export interface HeldPosition {
  symbol: string;
  quote_asset: string;
  quantity: Decimal;
}

/** The members of an open order that count. */
export interface RestingOrder {
  symbol: string;
  side: string;
  quantity: Decimal | null;
  quote_quantity: Decimal | null;
  price: Decimal | null;
}

export type Level = "unknown" | "free" | "near" | "reached";

/** From here on a limit is near. */
const NEAR_PERCENT = 80;

/** How near a limit is. */
export interface Use {
  level: Level;
  /** In percent for people and bars, 0 to 100; null where it is not known. */
  percent: number | null;
}

/** Compares what is used with a limit; a limit of nothing is always reached. */
export function useOf(used: Exact | null, limit: Exact): Use {
  if (used === null) return { level: "unknown", percent: null };
  if (big(used).gte(big(limit))) return { level: "reached", percent: 100 };
  if (signOf(used) <= 0) return { level: "free", percent: 0 };
  // Rounded down: only what has reached its limit is shown as full.
  const percent = Number(big(used).times(100).div(big(limit)).round(0, 0));
  return { level: percent >= NEAR_PERCENT ? "near" : "free", percent };
}

/** The symbols that count as open positions: what is held, and what a purchase may open. */
export function openSymbols(
  positions: readonly HeldPosition[],
  orders: readonly RestingOrder[],
): Set<string> {
  const bought = orders.filter(({ side }) => side === "BUY");
  return new Set([...positions, ...bought].map(({ symbol }) => symbol));
}

/** The symbols whose bids `largestWorth` needs. */
export function symbolsToPrice(positions: readonly HeldPosition[]): string[] {
  const needed = positions.flatMap(({ symbol, quote_asset }) =>
    quote_asset === QUOTE_ASSET ? [symbol] : [symbol, quote_asset + QUOTE_ASSET],
  );
  return [...new Set(needed)];
}

/** A symbol and what counts against the limit of its position; null where that is not known. */
export interface Worth {
  symbol: string;
  worth: Big;
}

/**
 * The position that is worth most with its resting purchases.
 *
 * @returns "none" where nothing is open, null where one of the symbols cannot be reckoned: it
 *   may be the largest.
 */
export function largestWorth(
  positions: readonly HeldPosition[],
  orders: readonly RestingOrder[],
  bidOf: (symbol: string) => Decimal | null,
): Worth | "none" | null {
  let largest: Worth | "none" = "none";
  for (const symbol of openSymbols(positions, orders)) {
    const worth = worthOf(symbol, positions, orders, bidOf);
    if (worth === null) return null;
    if (largest === "none" || worth.gt(largest.worth)) largest = { symbol, worth };
  }
  return largest;
}

function worthOf(
  symbol: string,
  positions: readonly HeldPosition[],
  orders: readonly RestingOrder[],
  bidOf: (symbol: string) => Decimal | null,
): Big | null {
  const position = positions.find((each) => each.symbol === symbol);
  const rate = rateOf(symbol, position, bidOf);
  if (rate === null) return null;
  let worth = big(0);
  if (position !== undefined) {
    const bid = bidOf(symbol);
    if (bid === null) return null;
    worth = big(position.quantity).times(big(bid));
  }
  for (const order of orders) {
    if (order.symbol !== symbol || order.side !== "BUY") continue;
    const notional = notionalOf(order);
    if (notional === null) return null;
    worth = worth.plus(notional);
  }
  return worth.times(rate);
}

/** What one unit of a symbol's quote asset is worth in the account's. */
function rateOf(
  symbol: string,
  position: HeldPosition | undefined,
  bidOf: (symbol: string) => Decimal | null,
): Big | null {
  if ((position?.quote_asset ?? QUOTE_ASSET) !== QUOTE_ASSET) {
    const cross = bidOf(`${position?.quote_asset}${QUOTE_ASSET}`);
    return cross === null ? null : big(cross);
  }
  // An order does not say what it is paid in; the name of its symbol does, for this asset.
  return symbol.endsWith(QUOTE_ASSET) ? big(1) : null;
}

/** An order counts with all of it until it has ended. */
function notionalOf({ quantity, quote_quantity, price }: RestingOrder): Big | null {
  if (quote_quantity !== null) return big(quote_quantity);
  // The ask at which an order without a price was judged is not told.
  return quantity === null || price === null ? null : big(quantity).times(big(price));
}

/**
 * Today's loss in percent of the day's opening equity.
 *
 * The API does not tell that equity, so only a day without a loss has a known share: none.
 */
export function knownLossPercent(realizedToday: Decimal): Big | null {
  return signOf(realizedToday) < 0 ? null : big(0);
}

/** How long until the next day begins (UTC), in milliseconds. */
export function untilNextDay(now: Date): number {
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1) - now.getTime();
}
