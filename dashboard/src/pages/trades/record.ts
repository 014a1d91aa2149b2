/** What a trade's record comes to. */
import type Big from "big.js";
import type { Trade } from "../../live/private";
import { big, type Decimal } from "../../money/decimal";

/** What was paid in fees, asset by asset. */
export function feesOf({ fills }: Pick<Trade, "fills">): { asset: string; amount: Big }[] {
  const fees = new Map<string, Big>();
  for (const { commission, commission_asset: asset } of fills) {
    fees.set(asset, (fees.get(asset) ?? big(0)).plus(big(commission)));
  }
  return Array.from(fees, ([asset, amount]) => ({ asset, amount }));
}

/** What the fills cost or brought, before fees; null while there is none. */
export function grossOf({ fills }: Pick<Trade, "fills">): Big | null {
  if (fills.length === 0) return null;
  return fills.reduce((sum, fill) => sum.plus(big(fill.price).times(big(fill.quantity))), big(0));
}

/** How much of an order has filled, from 0 to 1; null where its quantity is not known yet. */
export function filledShare(executed: Decimal, quantity: Decimal | null): number | null {
  if (quantity === null || big(quantity).eq(0)) return null;
  return Math.min(1, Number(big(executed).div(big(quantity))));
}

/** One thing that happened to an order. */
export interface Step {
  at: string;
  text: string;
}

/** The order's life as far as its record tells, oldest first. */
export function timelineOf(trade: Trade): Step[] {
  const steps: Step[] = [{ at: trade.created_at, text: "Created" }];
  const total = trade.fills.length;
  trade.fills.forEach(({ time }, index) => {
    steps.push({ at: time, text: total === 1 ? "Filled" : `Fill ${index + 1} of ${total}` });
  });
  const status = trade.status.toLowerCase().replaceAll("_", " ");
  steps.push({ at: trade.updated_at, text: `Last changed: ${status}` });
  return steps;
}
