/**
 * Analyses that were asked for on this page, whether one stays to see the answer or not.
 *
 * An analysis is a workflow: it goes on when the page is left, and who asks again joins it.
 */
import { signal } from "@preact/signals";
import { api } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import { session } from "../../api/session";
import type { Timeframe } from "../../chart/candles";
import { href, route } from "../../shell/router";
import { toast } from "../../shell/toasts";
import type { Analysis } from "./analysis";

/** How far a request is. */
export type Asked =
  | { phase: "waiting"; since: number }
  | { phase: "answered"; analysis: Analysis }
  | { phase: "failed"; problem: Problem; since: number; at: number };

// The API gives up after 22 s; what it says then is worth waiting for.
const TIMEOUT_MS = 30_000;

const asked = signal<ReadonlyMap<string, Asked>>(new Map());
let visit = 0;

const hearers = new Set<() => void>();

const keyOf = (symbol: string, timeframe: string) => `${symbol} ${timeframe}`;

/** What became of the latest request for this market. */
export function askedOf(symbol: string, timeframe: string): Asked | undefined {
  return asked.value.get(keyOf(symbol, timeframe));
}

/** Asks for an analysis, unless one is on its way already. */
export async function analyze(symbol: string, timeframe: Timeframe): Promise<void> {
  const key = keyOf(symbol, timeframe);
  if (asked.peek().get(key)?.phase === "waiting") return;
  const mine = visit;
  const since = Date.now();
  keep(key, { phase: "waiting", since });
  let became: Asked;
  try {
    const body = { symbol, timeframe };
    const analysis = await api.post("/api/ai/analyze", { body, timeoutMs: TIMEOUT_MS });
    became = { phase: "answered", analysis };
  } catch (thrown) {
    became = { phase: "failed", problem: problemOf(thrown), since, at: Date.now() };
  }
  // Whoever asked has signed out meanwhile: it is not for who is here now.
  if (mine !== visit) return;
  keep(key, became);
  if (became.phase === "answered") for (const hear of hearers) hear();
  if (!isShown(symbol, timeframe)) tell(symbol, timeframe, became);
}

/** Hears that an analysis was answered, until the function that is returned is called. */
export function onAnswered(hear: () => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

function keep(key: string, what: Asked): void {
  asked.value = new Map(asked.peek()).set(key, what);
}

function isShown(symbol: string, timeframe: string): boolean {
  const { page, query } = route.peek();
  return page === "ai" && query.get("symbol") === symbol && query.get("timeframe") === timeframe;
}

function tell(symbol: string, timeframe: string, became: Asked): void {
  const what = `Analysis of ${symbol}, ${timeframe}`;
  if (became.phase === "answered") {
    const { analysis_id, signal } = became.analysis;
    toast(`${what}: ${signal}`, "neutral", href("analyses", analysis_id));
  } else toast(`${what}: there is none`, "bad", href("ai", undefined, { symbol, timeframe }));
}

session.subscribe(({ phase }) => {
  if (phase === "signed-in") return;
  visit += 1;
  asked.value = new Map();
});
