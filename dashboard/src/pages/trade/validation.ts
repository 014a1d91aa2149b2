/** What is wrong with an order, while it is being typed and before it is sent. */
import Big from "big.js";
import {
  big,
  type Decimal,
  type Exact,
  format,
  isMultipleOf,
  parseTyped,
} from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";
import { type Estimate, estimateOf } from "./estimate";
import { holdingOf, type Known, reducible } from "./known";
import { type Draft, hasPrice, isStop, positiveIn, waitsAbove } from "./order";

export type FieldName = "amount" | "price" | "stopPrice";
/** What is wrong, by field. */
export type FieldErrors = Partial<Record<FieldName, string>>;

// As the API counts: anything finer or larger is refused.
const MOST_PLACES = 8;
const LARGEST = new Big("1e11");

/** What is wrong with what has been typed so far; what is not there yet is not wrong. */
export function errorsOf(draft: Draft, known: Known): FieldErrors {
  const { tick_size } = known.symbol;
  const errors: FieldErrors = {};
  const put = (field: FieldName, error: string | undefined) => {
    if (error !== undefined) errors[field] = error;
  };
  if (isStop(draft.type)) {
    put(
      "stopPrice",
      typedError(draft.stopPrice) ??
        stepError(draft.stopPrice, tick_size) ??
        triggerError(draft, known),
    );
  }
  if (hasPrice(draft.type)) {
    put(
      "price",
      typedError(draft.price) ?? stepError(draft.price, tick_size) ?? collarError(draft, known),
    );
  }
  put("amount", typedError(draft.amount) ?? sizeError(draft, known) ?? worthError(draft, known));
  return errors;
}

/** What is still missing for the order to be sent. */
export function missingOf(draft: Draft): FieldErrors {
  const missing: FieldErrors = {};
  if (isStop(draft.type) && isMissing(draft.stopPrice)) missing.stopPrice = "Enter a stop price";
  if (hasPrice(draft.type) && isMissing(draft.price)) missing.price = "Enter a price";
  if (isMissing(draft.amount)) missing.amount = "Enter how much";
  return missing;
}

/** Why no order like this can be sent whatever its numbers are; null where one can. */
export function blockOf(draft: Draft, known: Known): string | null {
  const { account, symbol, quote, isConnected } = known;
  if (account === null) return "Your account is not known yet.";
  if (account.trading_state === "HALTED") return "Trading is halted: no order is accepted.";
  if (account.trading_state === "REDUCING") {
    if (draft.side === "BUY") return "Trading is reducing only: nothing can be bought.";
    if (reducible(known)?.eq(0)) {
      return `Trading is reducing only, and there is no ${symbol.base_asset} position to reduce.`;
    }
  }
  if (draft.type === "MARKET" && quote === null) {
    return isConnected
      ? "The price is stale: an order at the market needs a live one."
      : "The live connection is gone: an order at the market needs a live price.";
  }
  return openPositionsBlock(draft, known);
}

function openPositionsBlock(draft: Draft, known: Known): string | null {
  const { limits, orders, positions, symbol } = known;
  if (draft.side === "SELL" || limits === null || positions === null || orders === null)
    return null;
  const bought = orders.filter(({ side }) => side === "BUY");
  const symbols = new Set([...positions, ...bought].map((each) => each.symbol));
  if (symbols.add(symbol.symbol).size <= Number(limits.max_open_positions)) return null;
  return `You may have ${format(limits.max_open_positions)} open positions at most.`;
}

function isMissing(text: string): boolean {
  const typed = parseTyped(text);
  return typed.kind === "empty" || (typed.kind === "number" && typed.value.eq(0));
}

function typedError(text: string): string | undefined {
  const typed = parseTyped(text);
  if (typed.kind === "invalid") return typed.reason;
  if (typed.kind === "empty") return undefined;
  if (typed.value.gte(LARGEST)) return "Too large";
  if (!typed.value.round(MOST_PLACES).eq(typed.value)) return "At most 8 digits after the point";
  return undefined;
}

function stepError(text: string, step: Decimal, unit = ""): string | undefined {
  const value = positiveIn(text);
  if (value === null || isMultipleOf(value, step)) return undefined;
  return `In steps of ${format(step)}${unit}`;
}

/** A stop on the wrong side of the market would go at once; the venue refuses it. */
function triggerError(draft: Draft, { quote }: Known): string | undefined {
  const stop = positiveIn(draft.stopPrice);
  if (stop === null || quote === null) return undefined;
  const above = waitsAbove(draft.side, draft.type);
  if (above ? stop.gt(quote.price) : stop.lt(quote.price)) return undefined;
  return `Must be ${above ? "above" : "below"} the market (${format(quote.price)})`;
}

/** A price that trades far through the market is a slip of the hand. */
function collarError(draft: Draft, { quote, limits }: Known): string | undefined {
  const price = positiveIn(draft.price);
  const isBuy = draft.side === "BUY";
  const market = quote && big(isBuy ? quote.ask : quote.bid);
  const reference = isStop(draft.type) ? positiveIn(draft.stopPrice) : market;
  if (price === null || reference === null || limits === null) return undefined;
  const beyond = price
    .minus(reference)
    .div(reference)
    .times(isBuy ? 100 : -100);
  const limit = big(limits.price_collar_bps).div(100);
  if (beyond.lte(limit)) return undefined;
  const from = isStop(draft.type) ? "the stop" : isBuy ? "the ask" : "the bid";
  const where = `${format(beyond, { places: 2 })}% ${isBuy ? "above" : "below"} ${from}`;
  return `${where}; your limit is ${format(limit)}%`;
}

function sizeError(draft: Draft, { symbol }: Known): string | undefined {
  const amount = positiveIn(draft.amount);
  if (amount === null || draft.amountIn === "quote") return undefined;
  const unit = ` ${symbol.base_asset}`;
  const error = stepError(draft.amount, symbol.step_size, unit);
  if (error !== undefined) return error;
  if (amount.lt(symbol.min_quantity)) return `At least ${format(symbol.min_quantity)}${unit}`;
  return undefined;
}

function worthError(draft: Draft, known: Known): string | undefined {
  return balanceError(draft, known) ?? notionalError(estimateOf(draft, known), draft, known);
}

function notionalError(estimate: Estimate | null, draft: Draft, known: Known): string | undefined {
  if (estimate === null) return undefined;
  const { symbol, limits } = known;
  const { notional, worth } = estimate;
  if (notional.lt(symbol.min_notional)) {
    const least = amountText(symbol.min_notional, symbol.quote_asset);
    return `Worth ${amountText(notional, symbol.quote_asset)}; the venue takes no less than ${least}`;
  }
  if (worth === null || limits === null) return undefined;
  if (worth.gt(limits.max_order_notional_quote)) {
    return `More than the ${amountText(limits.max_order_notional_quote)} of one order`;
  }
  const total = draft.side === "BUY" ? positionWorth(known, worth) : null;
  if (total?.gt(limits.max_position_notional_quote)) {
    const limit = amountText(limits.max_position_notional_quote);
    return `The position would be worth ${amountText(total)}; your limit is ${limit}`;
  }
  return undefined;
}

/** What the position would be worth with this purchase and those that are on their way. */
function positionWorth(known: Known, worth: Big): Big | null {
  const { quote, rate, orders, positions } = known;
  if (quote === null || rate === null || orders === null || positions === null) return null;
  const name = known.symbol.symbol;
  const open = positions.find(({ symbol }) => symbol === name);
  const held = big(open?.quantity ?? 0).times(big(quote.bid));
  const pending = orders
    .filter(({ symbol, side }) => symbol === name && side === "BUY")
    .map((order) => big(order.price ?? quote.ask).times(big(order.quantity ?? 0)));
  return pending
    .reduce((sum, each) => sum.plus(each), held)
    .times(big(rate))
    .plus(worth);
}

function balanceError(draft: Draft, known: Known): string | undefined {
  const estimate = estimateOf(draft, known);
  const { base_asset, quote_asset } = known.symbol;
  const amount = positiveIn(draft.amount);
  const isBuy = draft.side === "BUY";
  const asset = isBuy ? quote_asset : base_asset;
  const free = holdingOf(known.account, asset)?.free;
  // A sale in the base asset needs no price to be judged.
  const isSaleOfBase = !isBuy && draft.amountIn === "base";
  const needed = isSaleOfBase ? amount : isBuy ? estimate?.notional : estimate?.quantity;
  if (!needed || !free) return undefined;
  if (needed.gt(free)) return `More than is free: ${amountText(free, asset)}`;
  const left = known.account?.trading_state === "REDUCING" && !isBuy ? reducible(known) : null;
  if (left && needed.gt(left)) return `Only what reduces: at most ${amountText(left, asset)}`;
  return undefined;
}

function amountText(value: Exact, asset: string = QUOTE_ASSET): string {
  return `${format(value, { upTo: MOST_PLACES })} ${asset}`;
}
