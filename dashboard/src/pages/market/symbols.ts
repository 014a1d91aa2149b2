/** The venue's symbols, and what of their past the watch list shows. */
import { signal } from "@preact/signals";
import { api } from "../../api/client";
import { seedPrices } from "../../live/prices";
import type { TradedSymbol } from "./matching";

export type { TradedSymbol } from "./matching";

// A connection may hold 100 channels; some are for charts and for what is one's own.
export const MOST_WATCHED = 80;
export const DEFAULT_SYMBOL = "BTCUSDT";

/** Every symbol, with the prices of those that are watched on their way to the page. */
export async function readSymbols(signal: AbortSignal): Promise<readonly TradedSymbol[]> {
  const prices = api.get("/api/market/prices", { signal }).then(({ items }) => seedPrices(items));
  // No live price is no reason to show no symbols.
  prices.catch(() => {});
  return (await api.get("/api/market/symbols", { signal })).items;
}

const SPARK_HOURS = 24;
const SPARK_LIVES_MS = 5 * 60_000;
const AT_ONCE = 3;

interface Spark {
  points: readonly number[];
  readAt: number;
}

/** Closes of the last day, an hour each, by symbol. */
export const sparks = signal<ReadonlyMap<string, Spark>>(new Map());

/** Reads the sparks that are missing or old, a few at once, until it is aborted. */
export async function readSparks(symbols: readonly string[], abort: AbortSignal): Promise<void> {
  const known = sparks.peek();
  const waiting = symbols.filter(
    (symbol) => Date.now() - (known.get(symbol)?.readAt ?? 0) > SPARK_LIVES_MS,
  );
  const work = async () => {
    for (let symbol = waiting.shift(); symbol && !abort.aborted; symbol = waiting.shift()) {
      const points = await readSpark(symbol, abort).catch(() => null);
      if (points === null) continue;
      sparks.value = new Map(sparks.peek()).set(symbol, { points, readAt: Date.now() });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function readSpark(symbol: string, signal: AbortSignal): Promise<number[]> {
  const page = await api.get("/api/market/candles/{symbol}/{timeframe}", {
    path: { symbol, timeframe: "1h" },
    query: { limit: SPARK_HOURS },
    signal,
  });
  return page.items.map(({ close }) => Number(close));
}
