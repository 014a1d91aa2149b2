/** An order while it is being written, and what of it is sent. */
import type Big from "big.js";
import type { Schema, Sent } from "../../api/client";
import { parseTyped } from "../../money/decimal";

/** What `POST /api/trades/execute` takes. */
export type OrderBody = Sent<Schema<"OrderRequest">>;
export type Side = OrderBody["side"];
export type OrderType = OrderBody["type"];
export type TimeInForce = NonNullable<OrderBody["time_in_force"]>;
/** What the amount counts: the asset that is traded, or the one that it is paid with. */
export type AmountIn = "base" | "quote";

/** An order as it stands in the form; numbers are the text that was typed. */
export interface Draft {
  side: Side;
  type: OrderType;
  amountIn: AmountIn;
  amount: string;
  price: string;
  stopPrice: string;
  timeInForce: TimeInForce;
  /** The analysis that suggested it; empty where none did. */
  signalId: string;
}

export const NEW_DRAFT: Draft = {
  side: "BUY",
  type: "MARKET",
  amountIn: "base",
  amount: "",
  price: "",
  stopPrice: "",
  timeInForce: "GTC",
  signalId: "",
};

export const SIDES: readonly (readonly [Side, string])[] = [
  ["BUY", "Buy"],
  ["SELL", "Sell"],
];

export const ORDER_TYPES: readonly (readonly [OrderType, string])[] = [
  ["MARKET", "Market"],
  ["LIMIT", "Limit"],
  ["STOP_LOSS_LIMIT", "Stop-limit"],
  ["TAKE_PROFIT_LIMIT", "Take-profit"],
];

export const TIMES_IN_FORCE: readonly (readonly [TimeInForce, string])[] = [
  ["GTC", "Good till canceled"],
  ["IOC", "Immediate or cancel"],
  ["FOK", "Fill or kill"],
];

/** What people call a type of order. */
export function typeName(type: string): string {
  return ORDER_TYPES.find(([each]) => each === type)?.[1] ?? type;
}

/** What people call a time in force. */
export function timeInForceName(time: string): string {
  return TIMES_IN_FORCE.find(([each]) => each === time)?.[1] ?? time;
}

/** Whether an order names its price. */
export function hasPrice(type: OrderType): boolean {
  return type !== "MARKET";
}

/** Whether an order waits for a stop price. */
export function isStop(type: OrderType): boolean {
  return type === "STOP_LOSS_LIMIT" || type === "TAKE_PROFIT_LIMIT";
}

/** Whether a stop order waits for the price to rise; the others wait for it to fall. */
export function waitsAbove(side: Side, type: OrderType): boolean {
  return (side === "BUY") === (type === "STOP_LOSS_LIMIT");
}

/** The number above zero that a text is, null where it is none. */
export function positiveIn(text: string): Big | null {
  const typed = parseTyped(text);
  return typed.kind === "number" && typed.value.gt(0) ? typed.value : null;
}

/** The order to send; fields that its type has no use for are left out. */
export function bodyOf(draft: Draft, symbol: string): OrderBody {
  const { side, type, amountIn, signalId } = draft;
  const body: OrderBody = { symbol, side, type };
  body[amountIn === "quote" ? "quote_quantity" : "quantity"] = positiveIn(draft.amount);
  if (hasPrice(type)) {
    body.price = positiveIn(draft.price);
    body.time_in_force = draft.timeInForce;
  }
  if (isStop(type)) body.stop_price = positiveIn(draft.stopPrice);
  if (signalId !== "") body.ai_signal_id = signalId;
  return body;
}

/** The draft with something changed, and nothing left in it that no longer means the same. */
export function changed(draft: Draft, change: Partial<Draft>): Draft {
  const next = { ...draft, ...change };
  // Only an order at the market can be given in the quote asset.
  if (hasPrice(next.type)) next.amountIn = "base";
  // 50 of one asset are not 50 of the other.
  if (next.amountIn !== draft.amountIn && change.amount === undefined) next.amount = "";
  return next;
}
