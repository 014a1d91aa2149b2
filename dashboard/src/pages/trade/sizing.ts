/** How much a part of what is free comes to, in whole steps. */
import type Big from "big.js";
import { floorToStep } from "../../money/decimal";
import { expectedPrice, TAKER_FEE } from "./estimate";
import { holdingOf, type Known, sellable } from "./known";
import type { Draft } from "./order";

export const SHARES = [25, 50, 75, 100] as const;

/**
 * The amount that a share (in percent) of what is free makes, rounded down to whole steps.
 *
 * Where a price decides what is spent, room for the fee is left, which is room for a slip too.
 * Null while the account or the price is not known.
 */
export function amountFor(share: number, draft: Draft, known: Known): Big | null {
  const { quote_asset, step_size, tick_size } = known.symbol;
  const isBuy = draft.side === "BUY";
  const free = isBuy ? holdingOf(known.account, quote_asset)?.free : sellable(known);
  if (!free) return null;
  const part = free.times(share).div(100);
  if (!isBuy && draft.amountIn === "base") return floorToStep(part, step_size);
  const spent = part.div(TAKER_FEE.plus(1));
  if (isBuy && draft.amountIn === "quote") return floorToStep(spent, tick_size);
  const price = expectedPrice(draft, known);
  if (price === null) return null;
  return isBuy
    ? floorToStep(spent.div(price), step_size)
    : floorToStep(spent.times(price), tick_size);
}
