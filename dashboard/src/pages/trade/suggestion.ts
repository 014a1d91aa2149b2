/** What a link such as an analysis's fills into the ticket; it never sends anything. */
import { type Decimal, digits, floorToStep } from "../../money/decimal";
import { type Draft, hasPrice, isStop, ORDER_TYPES, positiveIn, SIDES, type Side } from "./order";

// As the API: a longer one is no analysis of ours.
const MOST_SIGNAL_CHARACTERS = 64;

/**
 * Reads a suggestion from an address's query: `side`, `type`, `price`, `stop_price`,
 * `quantity` and `signal`. What makes no sense is left out.
 */
export function suggestionOf(query: URLSearchParams, tick: Decimal): Partial<Draft> {
  const side = SIDES.find(([each]) => each === query.get("side"))?.[0];
  const wanted = ORDER_TYPES.find(([each]) => each === query.get("type"))?.[0];
  const price = onTick(query.get("price"), tick, side);
  const type = wanted ?? (price === null ? undefined : "LIMIT");
  const suggestion: Partial<Draft> = {};
  if (side !== undefined) suggestion.side = side;
  if (type !== undefined) suggestion.type = type;
  const amount = positiveIn(query.get("quantity") ?? "");
  if (amount !== null) Object.assign(suggestion, { amount: digits(amount), amountIn: "base" });
  if (price !== null && type && hasPrice(type)) suggestion.price = price;
  const stop = onTick(query.get("stop_price"), tick, side);
  if (stop !== null && type && isStop(type)) suggestion.stopPrice = stop;
  const signal = query.get("signal") ?? "";
  if (signal !== "" && signal.length <= MOST_SIGNAL_CHARACTERS) suggestion.signalId = signal;
  return suggestion;
}

/** A price in whole ticks, never worse than the suggested one. */
function onTick(text: string | null, tick: Decimal, side: Side | undefined): string | null {
  const price = positiveIn(text ?? "");
  if (price === null) return null;
  const below = floorToStep(price, tick);
  if (side !== "SELL" || below.eq(price)) return below.gt(0) ? digits(below) : null;
  return digits(below.plus(tick));
}
