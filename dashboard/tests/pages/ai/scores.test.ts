import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decimal } from "../../../src/money/decimal";
import type { Analysis } from "../../../src/pages/ai/analysis";
import {
  added,
  enteredOf,
  hitRateOf,
  likelyRange,
  meanResultOf,
  NO_TALLY,
  openOf,
  rateText,
  sinceDay,
  talliesBy,
  tallyOfAnalysis,
  tallyOfDay,
} from "../../../src/pages/ai/scores";

const OUTCOMES = ["TAKE_PROFIT", "STOP", "NEITHER", "NOT_ENTERED"] as const;

const scored = (signal: string, outcome?: string, result?: string) =>
  ({
    signal,
    score: outcome && { outcome, r_multiple: result === undefined ? null : decimal(result) },
  }) as Analysis;

const analyses = fc.array(
  fc
    .tuple(
      fc.constantFrom("Long", "Short"),
      fc.option(fc.constantFrom(...OUTCOMES), { nil: undefined }),
      fc.integer({ min: -10_000, max: 30_000 }),
    )
    .map(([signal, outcome, units]) =>
      scored(signal, outcome, outcome && outcome !== "NOT_ENTERED" ? `${units}e-4` : undefined),
    ),
);

const sum = (items: readonly Analysis[]) =>
  items.map(tallyOfAnalysis).reduce((all, each) => added(all, each), NO_TALLY);

test("every claim is entered, not entered, or open", () => {
  fc.assert(
    fc.property(analyses, (items) => {
      const total = sum(items);
      assert.equal(enteredOf(total) + total.notEntered + openOf(total), items.length);
    }),
  );
});

test("groups are the whole, however they are made", () => {
  fc.assert(
    fc.property(analyses, (items) => {
      const groups = talliesBy(items, ({ signal }) => signal, tallyOfAnalysis);
      const whole = [...groups.values()].reduce((all, each) => added(all, each), NO_TALLY);
      assert.deepEqual(whole, sum(items));
    }),
  );
});

test("only what was entered counts for the rates", () => {
  const total = sum([
    scored("Long", "TAKE_PROFIT", "2"),
    scored("Short", "STOP", "-1"),
    scored("Long", "NEITHER", "0.5"),
    scored("Long", "NOT_ENTERED"),
    scored("Long"),
    scored("Neutral"),
  ]);
  assert.equal(hitRateOf(total)?.toFixed(4), "0.3333");
  assert.equal(meanResultOf(total)?.toFixed(), "0.5");
  assert.equal(openOf(total), 1);
  assert.equal(total.neutral, 1);
});

test("without results there are no rates", () => {
  assert.equal(hitRateOf(sum([scored("Long")])), null);
  assert.equal(meanResultOf(NO_TALLY), null);
});

test("a day of the API is taken as it is", () => {
  const counts = { long: 3, short: 1, neutral: 2, take_profit: 1, stop: 2, neither: 0 };
  const texts = Object.entries({ ...counts, signals: 6, not_entered: 1, r_sum: "-0.25" });
  const day = Object.fromEntries(texts.map(([name, value]) => [name, decimal(String(value))]));
  const tally = tallyOfDay(day as unknown as Parameters<typeof tallyOfDay>[0]);
  assert.equal(enteredOf(tally), 3);
  assert.equal(openOf(tally), 0);
  assert.equal(tally.neutral, 2);
  assert.equal(tally.resultSum.toFixed(), "-0.25");
});

test("a range holds its rate, and is narrower where more is known", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), (hits, misses) => {
      fc.pre(hits + misses > 0);
      const count = hits + misses;
      const [least, most] = likelyRange(hits, count);
      assert.ok(0 <= least && least <= hits / count + 1e-9);
      assert.ok(hits / count - 1e-9 <= most && most <= 1);
      const [closer, nearer] = likelyRange(hits * 4, count * 4);
      assert.ok(nearer - closer < most - least);
    }),
  );
});

test("Wilson's interval is as in the books", () => {
  const [least, most] = likelyRange(8, 10);
  assert.equal(least.toFixed(3), "0.490");
  assert.equal(most.toFixed(3), "0.943");
  assert.deepEqual(likelyRange(0, 0), [0, 1]);
});

test("a span of days ends today", () => {
  const noon = Date.parse("2026-03-02T12:00:00Z");
  assert.equal(sinceDay(1, noon), "2026-03-02");
  assert.equal(sinceDay(7, noon), "2026-02-24");
});

test("a rate is whole percent", () => {
  assert.equal(rateText(0.666), "67%");
  assert.equal(rateText(decimal("0.005")), "1%");
});
