/**
 * Live prices, one signal a symbol, changed at most once a frame of the screen.
 *
 * A price is fresh, or it is shown as stale: greyed, with a word. Nothing in between.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Schema } from "../api/client";
import { big, type Decimal } from "../money/decimal";
import { type Frame, tickerChannel } from "./frames";
import { isFresh } from "./freshness";
import { connection, listen, marketHeardAt } from "./socket";

/** A symbol's latest price, and which way it moved. */
export interface Quote {
  price: Decimal;
  bid: Decimal;
  ask: Decimal;
  volume: Decimal;
  /** Percent over 24 hours. */
  change: Decimal;
  timestamp: string;
  moved: -1 | 0 | 1;
}

const LOOK_EVERY_MS = 500;

class Watched {
  readonly quote: Signal<Quote | null> = signal(null);
  readonly isStale: Signal<boolean> = signal(true);
  heardAt = Number.NEGATIVE_INFINITY;
  priceTime = Number.NEGATIVE_INFINITY;
  watchers = 0;
  stop: () => void = () => {};
}

const watched = new Map<string, Watched>();
const arrived = new Map<string, Schema<"Price">>();
let newestTime = Number.NEGATIVE_INFINITY;

/** A symbol's quote; null until its first one. */
export function quoteOf(symbol: string): ReadonlySignal<Quote | null> {
  return known(symbol).quote;
}

/** Whether a symbol's price must not be taken for a live one. */
export function isStale(symbol: string): ReadonlySignal<boolean> {
  return known(symbol).isStale;
}

/** Keeps the prices of these symbols coming until the function that is returned is called. */
export function watchPrices(symbols: readonly string[]): () => void {
  for (const symbol of symbols) join(symbol);
  return () => {
    for (const symbol of symbols) part(symbol);
  };
}

/** Keeps prices coming while a component is there. */
export function usePrices(symbols: readonly string[]): void {
  const names = symbols.join(",");
  useEffect(() => watchPrices(names === "" ? [] : names.split(",")), [names]);
}

/** Takes prices that were read over REST, where nothing newer is known. They are not live. */
export function seedPrices(prices: readonly Schema<"Price">[]): void {
  for (const price of prices) {
    const entry = known(price.symbol);
    const quote = entry.quote.peek();
    if (quote === null || quote.timestamp < price.timestamp) take(entry, price);
  }
}

function known(symbol: string): Watched {
  const found = watched.get(symbol) ?? new Watched();
  watched.set(symbol, found);
  return found;
}

let looking: ReturnType<typeof setInterval> | undefined;

function join(symbol: string): void {
  if (looking === undefined) looking = setInterval(lookAtAll, LOOK_EVERY_MS);
  const entry = known(symbol);
  entry.watchers += 1;
  if (entry.watchers > 1) return;
  const deliver = (frame: Frame) => {
    arrived.set(symbol, frame.data as Schema<"Price">);
    schedule();
  };
  entry.stop = listen(tickerChannel(symbol), { deliver });
}

function part(symbol: string): void {
  const entry = known(symbol);
  entry.watchers -= 1;
  if (entry.watchers > 0) return;
  entry.stop();
  entry.isStale.value = true;
}

let scheduled = false;

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  // A hidden page has no frames; it needs no prices either, and catches up with its next one.
  requestAnimationFrame(apply);
}

function apply(): void {
  scheduled = false;
  const now = performance.now();
  for (const [symbol, price] of arrived) {
    const entry = known(symbol);
    take(entry, price);
    entry.heardAt = now;
    look(entry, now);
  }
  arrived.clear();
}

function take(entry: Watched, price: Schema<"Price">): void {
  const before = entry.quote.peek();
  entry.priceTime = Date.parse(price.timestamp);
  newestTime = Math.max(newestTime, entry.priceTime);
  entry.quote.value = {
    price: price.price,
    bid: price.bid,
    ask: price.ask,
    volume: price.volume_24h,
    change: price.change_24h,
    timestamp: price.timestamp,
    moved: before === null ? 0 : movement(before, price.price),
  };
}

function movement(before: Quote, price: Decimal): -1 | 0 | 1 {
  if (before.price === price) return before.moved;
  return big(price).cmp(big(before.price));
}

function look(entry: Watched, now: number): void {
  const isLive = entry.watchers > 0 && connection.peek().phase === "live";
  const { heardAt: symbolAt, priceTime } = entry;
  entry.isStale.value =
    !isLive || !isFresh({ now, marketAt: marketHeardAt, symbolAt, priceTime, newestTime });
}

function lookAtAll(): void {
  const now = performance.now();
  for (const entry of watched.values()) look(entry, now);
}

connection.subscribe(lookAtAll);
