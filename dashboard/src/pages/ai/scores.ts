/** How signals fared: counts added up, rates of them, and how little a few of them say. */
import type Big from "big.js";
import type { Schema } from "../../api/client";
import { big, type Exact } from "../../money/decimal";
import type { Analysis } from "./analysis";

type SignalDay = Schema<"SignalDay">;

/** What became of some signals. */
export interface Tally {
  signals: number;
  long: number;
  short: number;
  neutral: number;
  target: number;
  stop: number;
  neither: number;
  notEntered: number;
  /** The sum of the results of those entered, in units of what was risked. */
  resultSum: Big;
}

export const NO_TALLY: Tally = {
  signals: 0,
  long: 0,
  short: 0,
  neutral: 0,
  target: 0,
  stop: 0,
  neither: 0,
  notEntered: 0,
  resultSum: big(0),
};

/** Both together. */
export function added(one: Tally, other: Tally): Tally {
  return {
    signals: one.signals + other.signals,
    long: one.long + other.long,
    short: one.short + other.short,
    neutral: one.neutral + other.neutral,
    target: one.target + other.target,
    stop: one.stop + other.stop,
    neither: one.neither + other.neither,
    notEntered: one.notEntered + other.notEntered,
    resultSum: one.resultSum.plus(other.resultSum),
  };
}

/** One day of one symbol and model, as everybody's analyses are counted. */
export function tallyOfDay(day: SignalDay): Tally {
  return {
    signals: Number(day.signals),
    long: Number(day.long),
    short: Number(day.short),
    neutral: Number(day.neutral),
    target: Number(day.take_profit),
    stop: Number(day.stop),
    neither: Number(day.neither),
    notEntered: Number(day.not_entered),
    resultSum: big(day.r_sum),
  };
}

/** One analysis of one's own. */
export function tallyOfAnalysis({ signal, score }: Analysis): Tally {
  const is = (outcome: string) => (score?.outcome === outcome ? 1 : 0);
  return {
    signals: 1,
    long: signal === "Long" ? 1 : 0,
    short: signal === "Short" ? 1 : 0,
    neutral: signal === "Neutral" ? 1 : 0,
    target: is("TAKE_PROFIT"),
    stop: is("STOP"),
    neither: is("NEITHER"),
    notEntered: is("NOT_ENTERED"),
    resultSum: big(score?.r_multiple ?? 0),
  };
}

/** Sums by what they have in common, in the order in which each was first met. */
export function talliesBy<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  tallyOf: (item: Item) => Tally,
): Map<string, Tally> {
  const sums = new Map<string, Tally>();
  for (const item of items) {
    const name = nameOf(item);
    sums.set(name, added(sums.get(name) ?? NO_TALLY, tallyOf(item)));
  }
  return sums;
}

/** How many were entered, and so have a result. */
export function enteredOf({ target, stop, neither }: Tally): number {
  return target + stop + neither;
}

/** Claims whose result is still to come: a neutral one claims nothing. */
export function openOf(tally: Tally): number {
  return Math.max(0, tally.long + tally.short - enteredOf(tally) - tally.notEntered);
}

/** The part of those entered that reached the target first; null where none was entered. */
export function hitRateOf(tally: Tally): Big | null {
  const entered = enteredOf(tally);
  return entered === 0 ? null : big(tally.target).div(entered);
}

/** The mean result of those entered in units of what was risked; null where none was. */
export function meanResultOf(tally: Tally): Big | null {
  const entered = enteredOf(tally);
  return entered === 0 ? null : tally.resultSum.div(entered);
}

// Below this a rate is told with a warning: its range is wider than a third of everything.
export const FEW_RESULTS = 30;
const Z_95 = 1.96;

/** Where the true rate lies with 95 % confidence (Wilson's interval), 0 to 1. */
export function likelyRange(hits: number, count: number): [least: number, most: number] {
  if (count === 0) return [0, 1];
  const [rate, square] = [hits / count, Z_95 * Z_95];
  const middle = (rate + square / (2 * count)) / (1 + square / count);
  const inside = (rate * (1 - rate)) / count + square / (4 * count * count);
  const half = (Z_95 / (1 + square / count)) * Math.sqrt(inside);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** A rate as whole percent. */
export function rateText(rate: Exact | number): string {
  return `${big(rate).times(100).round(0).toFixed()}%`;
}

/** The first day (UTC) of a span that ends today, as the API's days begin. */
export function sinceDay(days: number, now: number): string {
  return new Date(now - (days - 1) * 86_400_000).toISOString().slice(0, 10);
}
