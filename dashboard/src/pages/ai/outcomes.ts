/** What became of an analysis, in words. */
import type { BadgeTone } from "../../ui/numbers";
import type { Analysis } from "./analysis";
import { scoredAt } from "./times";

/** A state of an analysis and what it means. */
export interface OutcomeWords {
  word: string;
  tone: BadgeTone;
  meaning: string;
}

const SCORED: Record<string, OutcomeWords> = {
  TAKE_PROFIT: {
    word: "Target reached",
    tone: "up",
    meaning: "After the entry the price reached the target before the stop.",
  },
  STOP: {
    word: "Stopped",
    tone: "down",
    meaning: "After the entry the price reached the stop first, or in the same candle.",
  },
  NEITHER: {
    word: "Neither",
    tone: "neutral",
    meaning: "Neither stop nor target was reached in time; the last close counts.",
  },
  NOT_ENTERED: {
    word: "Not entered",
    tone: "neutral",
    meaning: "The price never came to the entry: no hit and no miss.",
  },
};

const NEUTRAL: OutcomeWords = {
  word: "No claim",
  tone: "neutral",
  meaning: "A neutral analysis suggests no prices, so there is nothing to hold it against.",
};

const OPEN: OutcomeWords = {
  word: "Open",
  tone: "accent",
  meaning: "It is held against the 24 candles that follow it.",
};

const DUE: OutcomeWords = {
  word: "Being scored",
  tone: "accent",
  meaning: "Its candles are over; the result is being worked out.",
};

/** What is known of how an analysis turned out. */
export function outcomeOf(analysis: Analysis, now: number): OutcomeWords {
  const { score, signal, created_at, timeframe } = analysis;
  if (score) {
    const known = SCORED[score.outcome];
    return known ?? { word: score.outcome.replaceAll("_", " "), tone: "neutral", meaning: "" };
  }
  if (signal === "Neutral") return NEUTRAL;
  return scoredAt(created_at, timeframe).getTime() > now ? OPEN : DUE;
}
