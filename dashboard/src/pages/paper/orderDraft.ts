/** A paper order as it is typed: what is wrong with it, what it costs, and the request for it. */
import type Big from "big.js";
import type { Schema } from "../../api/client";
import {
  big,
  type Decimal,
  digits,
  floorToStep,
  format,
  isMultipleOf,
  parseTyped,
  placesOf,
} from "../../money/decimal";

export type Rules = Schema<"TradedSymbol">;
export type Side = "BUY" | "SELL";
export type OrderType = "MARKET" | "LIMIT" | "STOP_LOSS_LIMIT" | "TAKE_PROFIT_LIMIT";
export type TimeInForce = "GTC" | "IOC" | "FOK";

/** The fields as they are typed. */
export interface OrderDraft {
  side: Side;
  type: OrderType;
  /** What the amount is of; a quote amount is for orders at the market. */
  unit: "base" | "quote";
  amount: string;
  price: string;
  stopPrice: string;
  timeInForce: TimeInForce;
  stopLoss: string;
  takeProfit: string;
}

/** What the order meets: a live quote, null where there is none, and what is free to spend. */
export interface Surroundings {
  rules: Rules;
  quote: { bid: Decimal; ask: Decimal; price: Decimal } | null;
  freeBase: Big;
  freeQuote: Big;
  takerFeeBps: Decimal;
}

export type OrderField =
  | "quantity"
  | "quote_quantity"
  | "price"
  | "stop_price"
  | "stop_loss"
  | "take_profit";
export type Wrong = Partial<Record<OrderField, string>>;

/** What `POST …/execute` is asked for. */
export interface OrderBody {
  symbol: string;
  side: Side;
  type: OrderType;
  quantity?: Big;
  quote_quantity?: Big;
  price?: Big;
  stop_price?: Big;
  time_in_force?: TimeInForce;
  stop_loss?: Big;
  take_profit?: Big;
}

/** An order that was looked at. */
export interface CheckedOrder {
  body: OrderBody;
  /** What is typed wrongly, by the API's names of the fields. */
  wrong: Wrong;
  /** What is still to be typed. */
  missing: Wrong;
  estimate: Estimate;
}

/** What an order is about to cost or bring; null where a price is missing for it. */
export interface Estimate {
  base: Big | null;
  notional: Big | null;
  /** In what is received: the base asset of a purchase, the quote asset of a sale. */
  fee: Big | null;
}

export const isStop = (type: OrderType) =>
  type === "STOP_LOSS_LIMIT" || type === "TAKE_PROFIT_LIMIT";

/** Which field of the API the amount is. */
export function amountField({ type, unit }: Pick<OrderDraft, "type" | "unit">) {
  return type === "MARKET" && unit === "quote" ? "quote_quantity" : "quantity";
}

/** Looks at an order: field by field, then as a whole. */
export function checkOrder(draft: OrderDraft, around: Surroundings): CheckedOrder {
  const { rules } = around;
  const fields = new Fields();
  const body: OrderBody = { symbol: rules.symbol, side: draft.side, type: draft.type };
  const amountName = amountField(draft);
  put(body, amountName, fields.number(amountName, draft.amount, "How much?"));
  if (draft.type !== "MARKET") {
    put(body, "price", fields.number("price", draft.price, "At which price?"));
    body.time_in_force = draft.timeInForce;
  }
  if (isStop(draft.type)) {
    put(body, "stop_price", fields.number("stop_price", draft.stopPrice, "From which price on?"));
  }
  if (draft.side === "BUY") {
    put(body, "stop_loss", fields.number("stop_loss", draft.stopLoss));
    put(body, "take_profit", fields.number("take_profit", draft.takeProfit));
  }
  const estimate = estimateOf(body, around);
  checkPrices(body, rules, fields);
  checkAmount(body, around, estimate, fields);
  checkTriggers(body, around, fields);
  return { body, wrong: fields.wrong, missing: fields.missing, estimate };
}

function put(body: OrderBody, name: OrderField, value: Big | null): void {
  if (value !== null) body[name] = value;
}

class Fields {
  readonly wrong: Wrong = {};
  readonly missing: Wrong = {};

  /** A number above zero; null where there is none. Without `ask` it may be left out. */
  number(name: OrderField, text: string, ask?: string): Big | null {
    const typed = parseTyped(text);
    if (typed.kind === "empty") {
      if (ask !== undefined) this.missing[name] = ask;
      return null;
    }
    if (typed.kind === "invalid") this.wrong[name] = typed.reason;
    else if (typed.value.lte(0)) this.wrong[name] = "More than nothing is needed";
    else return typed.value;
    return null;
  }

  /** The first thing that is wrong with a field is told. */
  refuse(name: OrderField, why: string): void {
    this.wrong[name] ??= why;
  }
}

/** The price at which an order is reckoned: its own, else what it would take now. */
export function reckonedPrice(
  side: Side,
  price: Big | undefined,
  quote: Surroundings["quote"],
): Big | null {
  if (price !== undefined) return price;
  return quote === null ? null : big(side === "BUY" ? quote.ask : quote.bid);
}

function estimateOf(body: OrderBody, around: Surroundings): Estimate {
  const price = reckonedPrice(body.side, body.price, around.quote);
  const { quantity, quote_quantity: spent } = body;
  const base =
    quantity ?? (spent && price ? floorToStep(spent.div(price), around.rules.step_size) : null);
  const notional = spent ?? (quantity && price ? quantity.times(price) : null);
  const received = body.side === "BUY" ? base : notional;
  return { base, notional, fee: received?.times(big(around.takerFeeBps)).div(10_000) ?? null };
}

function checkPrices(body: OrderBody, { tick_size: tick }: Rules, fields: Fields): void {
  for (const name of ["price", "stop_price", "stop_loss", "take_profit"] as const) {
    const value = body[name];
    if (value && !isMultipleOf(value, tick)) fields.refuse(name, `In steps of ${format(tick)}`);
  }
}

function checkAmount(body: OrderBody, around: Surroundings, estimate: Estimate, fields: Fields) {
  const { rules } = around;
  const { quantity, quote_quantity: spent } = body;
  const name = spent ? "quote_quantity" : "quantity";
  if (quantity && !isMultipleOf(quantity, rules.step_size)) {
    fields.refuse(name, `In steps of ${format(rules.step_size)} ${rules.base_asset}`);
  }
  if (quantity?.lt(big(rules.min_quantity))) {
    fields.refuse(name, `At least ${format(rules.min_quantity)} ${rules.base_asset}`);
  }
  // At the market the venue reckons with another price; it decides.
  if ((spent || body.price) && estimate.notional?.lt(big(rules.min_notional))) {
    fields.refuse(name, `Worth at least ${format(rules.min_notional)} ${rules.quote_asset}`);
  }
  if (body.side === "BUY" && estimate.notional?.gt(around.freeQuote)) {
    fields.refuse(name, `${inFull(around.freeQuote)} ${rules.quote_asset} are free`);
  }
  if (body.side === "SELL" && estimate.base?.gt(around.freeBase)) {
    fields.refuse(name, `${inFull(around.freeBase)} ${rules.base_asset} are free`);
  }
}

const inFull = (value: Big) => format(value, { upTo: 8 });

function checkTriggers(body: OrderBody, { quote }: Surroundings, fields: Fields): void {
  const { side, type, stop_price: stop, stop_loss: loss, take_profit: profit } = body;
  if (stop && quote) {
    const waitsForRise = (side === "BUY") === (type === "STOP_LOSS_LIMIT");
    const isDue = waitsForRise ? stop.lte(big(quote.price)) : stop.gte(big(quote.price));
    if (isDue)
      fields.refuse("stop_price", `Must lie ${waitsForRise ? "above" : "below"} the last price`);
  }
  const entry = reckonedPrice(side, body.price, quote);
  if (entry === null) return;
  if (loss?.gte(entry)) fields.refuse("stop_loss", "Must lie below the entry");
  if (profit?.lte(entry)) fields.refuse("take_profit", "Must lie above the entry");
}

/** The amount, as text, that is a part of what is free; null while no price tells how much. */
export function portionText(
  draft: Pick<OrderDraft, "side" | "type" | "unit" | "price">,
  percent: number,
  { rules, quote, freeBase, freeQuote }: Surroundings,
): string | null {
  const typed = parseTyped(draft.price);
  const own = draft.type !== "MARKET" && typed.kind === "number" ? typed.value : undefined;
  const price = reckonedPrice(draft.side, own, draft.type === "MARKET" ? quote : null);
  const isQuote = amountField(draft) === "quote_quantity";
  const free = draft.side === "BUY" ? freeQuote : freeBase;
  const part = free.times(percent).div(100);
  const isOfQuote = draft.side === "BUY";
  if (isQuote === isOfQuote) return floored(part, isQuote ? quoteStep(rules) : rules.step_size);
  if (price === null || price.lte(0)) return null;
  const other = isQuote ? part.times(price) : part.div(price);
  return floored(other, isQuote ? quoteStep(rules) : rules.step_size);
}

// A price's digits are those that people count the quote asset in, but never fewer than cents.
function quoteStep({ tick_size: tick }: Rules): Big {
  return big(10).pow(-Math.max(2, placesOf(tick)));
}

function floored(value: Big, step: Decimal | Big): string {
  return digits(floorToStep(value, step));
}
