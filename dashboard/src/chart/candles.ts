/** Candles as the chart takes them: pure steps from the API's answers to coordinates. */
import type { Schema } from "../api/client";
import { big } from "../money/decimal";

/** A candle of the API. */
export type Candle = Schema<"CandleAnswer">;

/** The spans that can be chosen, shortest first. */
export const TIMEFRAMES = ["1m", "5m", "15m", "1h", "4h", "1d", "1w"] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

/** Seconds since the epoch, as the chart counts time. */
export function secondsOf(iso: string): number {
  return Math.floor(Date.parse(iso) / 1_000);
}

/**
 * The later one of two versions of the same candle: what is traded only grows, and what is
 * closed stays.
 */
export function laterVersion(one: Candle, other: Candle): Candle {
  if (one.closed !== other.closed) return one.closed ? one : other;
  return big(one.volume).gt(big(other.volume)) ? one : other;
}

/** Both lists in one, oldest first, of each candle its later version. */
export function mergeCandles(some: readonly Candle[], others: readonly Candle[]): Candle[] {
  const byTime = new Map<string, Candle>();
  for (const candle of [...some, ...others]) {
    const known = byTime.get(candle.open_time);
    byTime.set(candle.open_time, known ? laterVersion(known, candle) : candle);
  }
  return [...byTime.values()].sort((a, b) => (a.open_time < b.open_time ? -1 : 1));
}

/** Whether a newer candle began before the end of the last one was heard: something is missing. */
export function isHole(last: Candle | undefined, next: Candle): boolean {
  return last !== undefined && next.open_time > last.open_time && !last.closed;
}

/** The open time (in seconds) of the candle in which a moment lies, null before the first one. */
export function candleTimeAt(openTimes: readonly number[], moment: number): number | null {
  let [low, high] = [0, openTimes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((openTimes[middle] ?? Number.POSITIVE_INFINITY) <= moment) low = middle + 1;
    else high = middle;
  }
  return openTimes[low - 1] ?? null;
}
