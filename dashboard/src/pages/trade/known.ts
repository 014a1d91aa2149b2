/** What an order is judged by: prices that are live, and one's own account. */
import type Big from "big.js";
import type { Schema } from "../../api/client";
import type { Account, Position, Trade } from "../../live/private";
import { big, type Decimal, placesOf } from "../../money/decimal";

/** What is known now; null is unknown. */
export interface Known {
  symbol: Schema<"TradedSymbol">;
  /** Whether the connection stands. */
  isConnected: boolean;
  /** The symbol's prices, only where they are live. */
  quote: { price: Decimal; bid: Decimal; ask: Decimal } | null;
  /** What one of the symbol's quote asset is worth in the account's. */
  rate: Decimal | null;
  account: Account | null;
  orders: readonly Trade[] | null;
  positions: readonly Position[] | null;
  limits: Schema<"Limits"> | null;
}

/** What an account has of one asset. */
export interface Holding {
  free: Big;
  locked: Big;
  total: Big;
}

/** What is held of an asset, null where the account is not known. */
export function holdingOf(account: Account | null, asset: string): Holding | null {
  if (account === null) return null;
  const found = account.balances.find((balance) => balance.asset === asset);
  return {
    free: big(found?.free ?? 0),
    locked: big(found?.locked ?? 0),
    total: big(found?.total ?? 0),
  };
}

/** How much of the symbol's open position no order sells yet; null where that is not known. */
export function reducible(known: Known): Big | null {
  const held = holdingOf(known.account, known.symbol.base_asset);
  if (known.positions === null || held === null) return null;
  const open = known.positions.find(({ symbol }) => symbol === known.symbol.symbol);
  const left = big(open?.quantity ?? 0).minus(held.locked);
  return left.lt(0) ? big(0) : left;
}

/** How much of the base asset may be sold now; null where that is not known. */
export function sellable(known: Known): Big | null {
  const free = holdingOf(known.account, known.symbol.base_asset)?.free ?? null;
  if (free === null || known.account?.trading_state !== "REDUCING") return free;
  const left = reducible(known);
  return left === null ? null : left.lt(free) ? left : free;
}

/** How many digits after the point an amount of the symbol's quote asset is shown with. */
export function quotePlaces(symbol: Schema<"TradedSymbol">): number {
  return Math.max(2, placesOf(symbol.tick_size));
}
