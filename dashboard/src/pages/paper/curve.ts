/** An equity curve as coordinates. Pixels are plain numbers; what is read out stays exact. */
import type Big from "big.js";
import { big, digits, format } from "../../money/decimal";
import { drawdownFrom, drawdownText, type EquityPoint, peakOf } from "./performance";

/** A point of the drawing. */
export interface Spot {
  /** Milliseconds since the epoch. */
  at: number;
  equity: number;
  /** A share of the highest equity before. */
  drawdown: number;
}

/** A range of values, the lower one first. */
export type Range = readonly [least: number, most: number];

/** Points to draw, by time. */
export function spotsOf(points: readonly EquityPoint[]): Spot[] {
  return points.map(({ timestamp, equity, drawdown }) => ({
    at: Date.parse(timestamp),
    equity: Number(equity),
    drawdown: Number(drawdown),
  }));
}

/** The curve with what the session is worth now at its end. */
export function withNow(
  points: readonly EquityPoint[],
  equity: Big | null,
  now: Date,
): readonly EquityPoint[] {
  const drawdown = drawdownFrom(peakOf(points), equity);
  const last = points.at(-1);
  if (equity === null || drawdown === null || last === undefined) return points;
  const timestamp = now.toISOString();
  // A clock that is behind the API's must not bend the curve backwards.
  if (timestamp <= last.timestamp) return points;
  return [...points, { timestamp, equity: digits(equity), drawdown: digits(drawdown) }];
}

/** Maps one range onto another; a range without a length is mapped to the middle. */
export function scale([from, to]: Range, [start, end]: Range): (value: number) => number {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

const ROOM = 0.08;
const FLAT_ROOM = 0.0012;

/** The equities that a drawing has room for: all of them, with some air. */
export function equityRange(spots: readonly Spot[]): Range {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { equity } of spots) {
    least = Math.min(least, equity);
    most = Math.max(most, equity);
  }
  if (least > most) return [0, 1];
  const room = most === least ? Math.abs(most) * FLAT_ROOM || 1 : (most - least) * ROOM;
  return [least - room, most + room];
}

/** Round values within a range, at most so many of them. */
export function roundTicks([least, most]: Range, count: number): number[] {
  if (!(most > least) || count < 1) return [];
  const rough = (most - least) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let n = Math.ceil(least / step); n * step <= most; n += 1) ticks.push(n * step);
  return ticks;
}

/** How many digits after the point tell such ticks apart. */
export function tickPlaces(ticks: readonly number[]): number {
  const [first, second] = ticks;
  if (first === undefined || second === undefined) return 2;
  const step = second - first;
  let places = 0;
  while (places < 8 && Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) > 1e-6) {
    places += 1;
  }
  return places;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 180, 365].map((n) => n * DAY),
];

/** Round moments of a clock within a range; `offset` is how far the clock is ahead of UTC. */
export function timeTicks(
  [from, to]: Range,
  count: number,
  offset = 0,
): { step: number; at: number[] } {
  const rough = (to - from) / Math.max(1, count);
  const step = TIME_STEPS.find((each) => each >= rough) ?? Math.ceil(rough / DAY) * DAY;
  const at: number[] = [];
  if (to <= from) return { step, at };
  const first = Math.ceil((from + offset) / step) * step - offset;
  for (let tick = first; tick <= to; tick += step) at.push(tick);
  return { step, at };
}

/** The points that are seen where several share a column of pixels: its lowest and highest. */
export function thinned(spots: readonly Spot[], columnOf: (at: number) => number): Spot[] {
  const kept: Spot[] = [];
  let column: Spot[] = [];
  const flush = () => {
    const byEquity = [...column].sort((a, b) => a.equity - b.equity);
    const chosen = new Set([column[0], byEquity[0], byEquity.at(-1), column.at(-1)]);
    kept.push(...column.filter((spot) => chosen.has(spot)));
    column = [];
  };
  for (const spot of spots) {
    const first = column[0];
    if (first && Math.round(columnOf(first.at)) !== Math.round(columnOf(spot.at))) flush();
    column.push(spot);
  }
  flush();
  return kept;
}

/** The index of the point that is nearest to a moment; -1 without points. */
export function nearest(spots: readonly Spot[], at: number): number {
  let [low, high] = [0, spots.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spots[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [spots[low - 1], spots[low]];
  if (before === undefined || after === undefined) return high;
  return at - before.at <= after.at - at ? low - 1 : low;
}

/** An SVG path through points. */
export function pathThrough(points: readonly (readonly [x: number, y: number])[]): string {
  return points
    .map(([x, y], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
}

/** The curve in words, for those who do not see it. */
export function summary(points: readonly EquityPoint[], unit: string): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "No equity is recorded yet.";
  const money = (value: Big) => `${format(value, { places: 2 })} ${unit}`;
  const equities = points.map(({ equity }) => big(equity)).sort((a, b) => a.cmp(b));
  const deepest = points.map(({ drawdown }) => big(drawdown)).sort((a, b) => b.cmp(a))[0];
  const range =
    points.length === 1
      ? ""
      : `; lowest ${money(equities[0] ?? big(0))}, highest ${money(equities.at(-1) ?? big(0))}`;
  const fall = drawdownText(deepest ?? big(0)).toLowerCase();
  return `From ${money(big(first.equity))} to ${money(big(last.equity))}${range}; deepest drawdown ${fall}.`;
}
