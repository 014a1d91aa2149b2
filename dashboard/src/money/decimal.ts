/**
 * Exact numbers: how they travel, how they are shown, how typed text becomes one.
 *
 * A number of the API is kept as the digits that were sent (`Decimal`), and calculated with as a
 * `Big`. JavaScript's own numbers are for pixels, counts and chart coordinates only.
 */
import Big from "big.js";

declare const exact: unique symbol;

/** The digits of a number exactly as the API wrote them, such as `0.00092`. */
export type Decimal = string & { readonly [exact]: true };

/** Any form in which an exact number may be handed over. */
export type Exact = Decimal | Big;

// Quotients are for display (percentages, averages); sums and products are exact anyway.
Big.DP = 20;

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/** The minus sign that has a plus sign's width. */
const MINUS = "\u2212";

/**
 * Reads the digits of a number.
 *
 * @throws RangeError when the text is not a number.
 */
export function decimal(text: string): Decimal {
  if (!NUMBER.test(text)) throw new RangeError(`not a number: ${text}`);
  return text as Decimal;
}

/** A number to calculate with. */
export function big(value: Exact | number): Big {
  return new Big(value);
}

/** The digits of a calculated number, never with an exponent. */
export function digits(value: Exact): Decimal {
  return big(value).toFixed() as Decimal;
}

/** -1, 0 or 1. */
export function signOf(value: Exact): -1 | 0 | 1 {
  return big(value).cmp(0);
}

/** How many digits after the point a step such as `0.0100` stands for: 2. */
export function placesOf(step: Exact): number {
  const point = digits(step).indexOf(".");
  return point < 0 ? 0 : digits(step).length - point - 1;
}

/** Whether a value is a whole number of steps; a step of nothing allows everything. */
export function isMultipleOf(value: Exact, step: Exact): boolean {
  return signOf(step) === 0 || big(value).mod(big(step)).eq(0);
}

/** The whole number of steps that is nearest to zero's side of a value. */
export function floorToStep(value: Exact, step: Exact): Big {
  return signOf(step) === 0 ? big(value) : big(value).minus(big(value).mod(big(step)));
}

/** How a number is to be written. */
export interface Format {
  /** Exactly so many digits after the point; the rest is rounded half up. */
  places?: number;
  /** At most so many digits after the point, without zeros at the end. */
  upTo?: number;
  /** Write a plus sign, too. */
  signed?: boolean;
}

/** A number as people read it: `1,234.50`. */
export function format(value: Exact, { places, upTo, signed = false }: Format = {}): string {
  const number = big(value);
  let text = number.abs().toFixed();
  if (places !== undefined) text = number.abs().round(places, Big.roundHalfUp).toFixed(places);
  else if (upTo !== undefined) text = number.abs().round(upTo, Big.roundHalfUp).toFixed();
  const [whole = "0", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  const isZero = !/[1-9]/.test(text);
  const sign = isZero ? "" : number.lt(0) ? MINUS : signed ? "+" : "";
  return fraction === undefined ? sign + grouped : `${sign}${grouped}.${fraction}`;
}

/** A price or quantity with as many digits after the point as its tick or step has. */
export function formatByStep(
  value: Exact,
  step: Exact,
  options: { signed?: boolean } = {},
): string {
  return format(value, { ...options, places: placesOf(step) });
}

/** Percent with two digits after the point and its sign: `+1.20%`. */
export function formatPercent(value: Exact, places = 2): string {
  return `${format(value, { places, signed: true })}%`;
}

/** A large number in short: `1.25M`; for volumes, where the rest does not matter. */
export function formatShort(value: Exact): string {
  const number = big(value);
  const units = [
    ["1e12", "T"],
    ["1e9", "B"],
    ["1e6", "M"],
    ["1e3", "K"],
  ] as const;
  for (const [size, unit] of units) {
    if (number.abs().gte(size)) return `${format(number.div(size), { places: 2 })}${unit}`;
  }
  return format(number, { upTo: 4 });
}

/** What somebody typed into a field for a number. */
export type Typed =
  | { kind: "empty" }
  | { kind: "invalid"; reason: string }
  | { kind: "number"; value: Big };

// As the API: no number of ours needs more.
const MAX_TYPED_CHARACTERS = 40;

/** Reads typed text; spaces and thousands separators are forgiven, guesses are not made. */
export function parseTyped(text: string): Typed {
  const bare = text.replace(/[\s\u00a0']/g, "");
  if (bare === "") return { kind: "empty" };
  if (bare.length > MAX_TYPED_CHARACTERS) return { kind: "invalid", reason: "Too many digits" };
  // 1,234 may be more than a thousand or a little more than one: money is no place to guess.
  const isGrouped = /^[1-9]\d{0,2}(?:(?:,\d{3}){2,}|(?:,\d{3})+\.\d*)$/.test(bare);
  const ungrouped = isGrouped ? bare.replaceAll(",", "") : bare;
  if (ungrouped.includes(",")) return { kind: "invalid", reason: "Use a point, as in 0.5" };
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(ungrouped)) return { kind: "invalid", reason: "Not a number" };
  const whole = ungrouped.startsWith(".") ? `0${ungrouped}` : ungrouped;
  return { kind: "number", value: new Big(whole.replace(/\.$/, "")) };
}
