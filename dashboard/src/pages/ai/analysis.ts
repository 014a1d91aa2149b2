/** An analysis as the page shows it: pure steps from the API's answer to rows and levels. */
import type Big from "big.js";
import type { Schema } from "../../api/client";
import type { Level, Mark } from "../../chart/Chart";
import { big, type Decimal, type Exact, format, signOf } from "../../money/decimal";
import { href } from "../../shell/router";

export type Score = Schema<"AnalysisScoreAnswer">;

/** An analysis, just answered or read again; only one that was kept can have a score. */
export type Analysis = Schema<"AnalysisAnswer"> & { score?: Score | null };

/** How far a price is from another one, in percent of that one; null where that is nothing. */
export function percentFrom(from: Exact, to: Exact): Big | null {
  if (signOf(from) === 0) return null;
  return big(to).minus(big(from)).div(big(from)).times(100);
}

/** Confidence, which travels as 0 to 1, as whole percent. */
export function confidenceText(confidence: Exact): string {
  return `${format(big(confidence).times(100), { places: 0 })}%`;
}

/** A price that an analysis suggests. */
export interface SuggestedPrice {
  name: "Entry" | "Stop" | "Target";
  price: Decimal;
  /** Percent from the entry; null for the entry itself. */
  fromEntry: Big | null;
}

/** The suggested prices, highest first, as they lie on the chart; none where it is Neutral. */
export function suggestedPrices(analysis: Analysis): SuggestedPrice[] {
  const { suggested_entry: entry } = analysis;
  const named = [
    ["Target", analysis.suggested_take_profit],
    ["Entry", entry],
    ["Stop", analysis.suggested_stop_loss],
  ] as const;
  const known: SuggestedPrice[] = [];
  for (const [name, price] of named) {
    if (entry === null || price === null) continue;
    known.push({ name, price, fromEntry: name === "Entry" ? null : percentFrom(entry, price) });
  }
  return known.sort((a, b) => big(b.price).cmp(big(a.price)));
}

const LEVEL_TONES = { Entry: "accent", Stop: "down", Target: "up" } as const;

/** The suggested prices as lines across a chart: greyed once they are no longer current. */
export function levelsOf(analysis: Analysis, isCurrent: boolean): Level[] {
  return suggestedPrices(analysis).map(({ name, price }) => ({
    price,
    title: name,
    tone: isCurrent ? LEVEL_TONES[name] : "muted",
    isDashed: name !== "Entry",
    isKeptInView: true,
  }));
}

/** When it was made, and where its score says that a position opened and ended. */
export function marksOf({ signal, created_at, score }: Analysis): Mark[] {
  if (signal === "Neutral") return [];
  const [opens, ends] = signal === "Long" ? (["BUY", "SELL"] as const) : (["SELL", "BUY"] as const);
  if (!score?.entered_at) return [{ at: created_at, side: opens, text: "" }];
  const entered: Mark = { at: score.entered_at, side: opens, text: `${signal} opens` };
  return score.ended_at ? [entered, { at: score.ended_at, side: ends, text: "ends" }] : [entered];
}

/** The way to the ticket with what an analysis suggests; null where it suggests nothing. */
export function ticketAddress(analysis: Analysis): string | null {
  const { analysis_id, signal, suggested_entry, symbol } = analysis;
  if (suggested_entry === null || (signal !== "Long" && signal !== "Short")) return null;
  return href("market", symbol, {
    side: signal === "Long" ? "BUY" : "SELL",
    type: "LIMIT",
    price: suggested_entry,
    signal: analysis_id,
  });
}

/** The newer of two analyses of the same thing; the first where they are the same one. */
export function newerOf(one: Analysis | null, other: Analysis | null): Analysis | null {
  if (one === null || other === null) return one ?? other;
  return other.created_at > one.created_at ? other : one;
}
