import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, TIMED_OUT } from "../../../src/api/problem";
import { decimal } from "../../../src/money/decimal";
import type { Analysis } from "../../../src/pages/ai/analysis";
import { indicatorRows } from "../../../src/pages/ai/indicators";
import { outcomeOf } from "../../../src/pages/ai/outcomes";
import { refusalOf } from "../../../src/pages/ai/refusals";

const MADE = "2026-01-01T00:00:00.000Z";
const made = (rest: Partial<Analysis>) =>
  ({ signal: "Long", timeframe: "1m", created_at: MADE, ...rest }) as Analysis;
const afterMinutes = (minutes: number) => Date.parse(MADE) + minutes * 60_000;

test("a claim is open until its candles are over, then due", () => {
  assert.equal(outcomeOf(made({}), afterMinutes(23)).word, "Open");
  assert.equal(outcomeOf(made({}), afterMinutes(25)).word, "Being scored");
});

test("a neutral one claims nothing, however old", () => {
  assert.equal(outcomeOf(made({ signal: "Neutral" }), afterMinutes(999)).word, "No claim");
});

test("a score is told, one that is not known yet by its own name", () => {
  const words = (outcome: string) =>
    outcomeOf(made({ score: { outcome } as NonNullable<Analysis["score"]> }), 0);
  assert.equal(words("STOP").tone, "down");
  assert.equal(words("HALF_WAY").word, "HALF WAY");
});

const problem = (code: string, rest = {}) =>
  new Problem({ code, title: "A title", detail: "A detail.", status: 503, ...rest });

test("the moment to try again is never before the API's", () => {
  const { retryAt } = refusalOf(problem("RATE_LIMITED", { retry_after_s: decimal("2.2") }), 1_000);
  assert.equal(retryAt, 4_000);
  assert.equal(refusalOf(problem("AI_UNAVAILABLE"), 1_000).retryAt, null);
});

test("a spent budget is not a short wait", () => {
  const spent = problem("RATE_LIMITED", { limit_type: "daily_ai_budget" });
  assert.equal(refusalOf(spent, 0).title, "Your budget of today is spent");
  assert.equal(refusalOf(problem("RATE_LIMITED"), 0).title, "Too many analyses at once");
});

test("an answer that did not arrive is not called a failure", () => {
  assert.match(refusalOf(problem(TIMED_OUT, { status: 0 }), 0).text, /may still be made/);
  assert.equal(refusalOf(problem("NEW_CODE"), 0).title, "A title");
});

test("prices have the tick's digits, differences one more, the unknown stays unknown", () => {
  const indicators = {
    whatever: decimal("1"),
    ema_9: decimal("53058.118220645505"),
    macd: decimal("-55.623031159811944"),
    rsi: null,
    volume_sma: decimal("2962345.5"),
  };
  assert.deepEqual(indicatorRows(indicators, decimal("0.01")), [
    ["RSI", null],
    ["MACD", "\u221255.623"],
    ["EMA 9", "53,058.12"],
    ["Volume average", "2.96M"],
    ["whatever", "1.00"],
  ]);
});
