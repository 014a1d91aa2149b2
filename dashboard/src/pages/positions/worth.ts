/** What a position is worth, and what leaving it would bring. */
import type Big from "big.js";
import type { Position } from "../../live/private";
import { big, type Exact, floorToStep, signOf } from "../../money/decimal";
import { TAKER_FEE } from "../trade/estimate";

type Held = Pick<Position, "quantity" | "entry_price">;

/** A position at a price. */
export interface Worth {
  value: Big;
  pnl: Big;
  /** In percent of what it cost. */
  change: Big | null;
}

/** What a position is worth at a price, all in the symbol's quote asset. */
export function worthAt({ quantity, entry_price }: Held, price: Exact): Worth {
  const value = big(quantity).times(big(price));
  const cost = big(quantity).times(big(entry_price));
  const pnl = value.minus(cost);
  return { value, pnl, change: cost.gt(0) ? pnl.div(cost).times(100) : null };
}

/** How much of a position can be sold: whole steps of what is there, as the API sells it. */
export function closable(quantity: Exact, held: Exact | null, step: Exact | null): Big {
  const there = held !== null && big(held).lt(big(quantity)) ? big(held) : big(quantity);
  return step === null ? there : floorToStep(there, step);
}

/** What closing brings at a bid, after the fee, and the result that it realises. */
export function closingAt(
  quantity: Big,
  entry: Exact,
  bid: Exact,
): { proceeds: Big; fee: Big; pnl: Big } {
  const gross = quantity.times(big(bid));
  const fee = gross.times(TAKER_FEE);
  const proceeds = gross.minus(fee);
  return { proceeds, fee, pnl: proceeds.minus(quantity.times(big(entry))) };
}

/** "Gain" or "Loss", for those who see neither sign nor colour. */
export function resultWord(pnl: Exact): string {
  return { "-1": "loss", "0": "no change", "1": "gain" }[signOf(pnl)];
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
] as const;

/** How long ago something was, in its largest unit. */
export function ageOf(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(iso)) / 1_000));
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${seconds} s`;
}
