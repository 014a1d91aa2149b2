/** The limits as a form: what may be typed, what that changes, and what is sent. */
import type Big from "big.js";
import type { Schema } from "../../api/client";
import {
  big,
  type Decimal,
  decimal,
  digits,
  format,
  parseTyped,
  placesOf,
} from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";

export type Limits = Schema<"Limits">;
export type LimitName = keyof Limits;
export type LimitTexts = Record<LimitName, string>;

/** One limit as the form shows it; its range is the API's. */
export interface LimitSpec {
  name: LimitName;
  label: string;
  hint: string;
  unit: string;
  least: Decimal;
  most: Decimal;
  /** What the arrow keys add. */
  step: Decimal;
  isWhole: boolean;
}

// As in the API: less than 1e11, in units of 1e-8.
const ANY_NOTIONAL = { least: decimal("0"), most: decimal("99999999999.99999999") };
const PLACES = 8;

export const LIMITS: readonly LimitSpec[] = [
  {
    name: "max_open_positions",
    label: "Open positions",
    hint: "Symbols with a position or a resting purchase. 0 refuses every purchase.",
    unit: "symbols",
    least: decimal("0"),
    most: decimal("1000"),
    step: decimal("1"),
    isWhole: true,
  },
  {
    name: "max_position_notional_quote",
    label: "Worth of one position",
    hint: "What is held of a symbol at its bid, its resting purchases and the new one together.",
    unit: QUOTE_ASSET,
    ...ANY_NOTIONAL,
    step: decimal("1000"),
    isWhole: false,
  },
  {
    name: "max_order_notional_quote",
    label: "Worth of one order",
    hint: "Purchases and sales. A larger position is closed in several orders.",
    unit: QUOTE_ASSET,
    ...ANY_NOTIONAL,
    step: decimal("1000"),
    isWhole: false,
  },
  {
    name: "max_daily_loss_pct",
    label: "Loss of a day",
    hint: "Realised, in percent of the equity that the day (UTC) began with. Then only positions can be sold until midnight UTC.",
    unit: "%",
    least: decimal("0.01"),
    most: decimal("100"),
    step: decimal("0.5"),
    isWhole: false,
  },
  {
    name: "max_orders_per_minute",
    label: "Orders in a minute",
    hint: "Stops a program that ran away. 0 refuses every order.",
    unit: "orders",
    least: decimal("0"),
    most: decimal("60000"),
    step: decimal("10"),
    isWhole: true,
  },
  {
    name: "price_collar_bps",
    label: "Price collar",
    hint: "How far through the market a limit price may be: 100 bps are 1%.",
    unit: "bps",
    least: decimal("0"),
    most: decimal("10000"),
    step: decimal("10"),
    isWhole: true,
  },
];

/** The limits as the texts that the form begins with. */
export function textsOf(limits: Limits): LimitTexts {
  const texts = LIMITS.map(({ name }) => [name, digits(limits[name])]);
  return Object.fromEntries(texts) as LimitTexts;
}

/** A typed limit: its value, or what is wrong with it. */
export type ReadLimit = { value: Big; error?: undefined } | { value?: undefined; error: string };

/** Reads what was typed for a limit. */
export function readLimit(spec: LimitSpec, text: string): ReadLimit {
  const typed = parseTyped(text);
  if (typed.kind === "empty") return { error: "A limit needs a number" };
  if (typed.kind === "invalid") return { error: typed.reason };
  const { value } = typed;
  if (spec.isWhole && !value.eq(value.round(0))) return { error: "Whole numbers only" };
  if (placesOf(value) > PLACES) return { error: `At most ${PLACES} digits after the point` };
  if (value.lt(spec.least) || value.gt(spec.most)) {
    return { error: `From ${format(spec.least)} to ${format(spec.most)}` };
  }
  return { value };
}

/** A limit that would be another one. */
export interface LimitChange {
  spec: LimitSpec;
  from: Decimal;
  to: Big;
  /** Whether more is allowed than before. */
  isLooser: boolean;
}

/** What was typed, against the limits as they are. */
export interface Draft {
  changes: readonly LimitChange[];
  errors: Partial<Record<LimitName, string>>;
}

/** Tells what a form would change; the same number written otherwise changes nothing. */
export function draftOf(limits: Limits, texts: LimitTexts): Draft {
  const changes: LimitChange[] = [];
  const errors: Partial<Record<LimitName, string>> = {};
  for (const spec of LIMITS) {
    const from = limits[spec.name];
    const read = readLimit(spec, texts[spec.name]);
    if (read.error !== undefined) errors[spec.name] = read.error;
    else if (!read.value.eq(big(from))) {
      changes.push({ spec, from, to: read.value, isLooser: read.value.gt(big(from)) });
    }
  }
  return { changes, errors };
}

/** What is sent: the limits that change, and no other. */
export function requestOf(changes: readonly LimitChange[]): Partial<Record<LimitName, Big>> {
  return Object.fromEntries(changes.map(({ spec, to }) => [spec.name, to]));
}

/** What has changed from one answer of the API to the next. */
export function differences(before: Limits, after: Limits): readonly LimitChange[] {
  return draftOf(before, textsOf(after)).changes;
}
