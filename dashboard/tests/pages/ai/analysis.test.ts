import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal } from "../../../src/money/decimal";
import {
  type Analysis,
  confidenceText,
  levelsOf,
  marksOf,
  newerOf,
  percentFrom,
  suggestedPrices,
  ticketAddress,
} from "../../../src/pages/ai/analysis";
import { parseRoute } from "../../../src/shell/router";

const LONG = {
  analysis_id: "one",
  symbol: "BTCUSDT",
  signal: "Long",
  suggested_entry: decimal("50000.00"),
  suggested_stop_loss: decimal("49500.00"),
  suggested_take_profit: decimal("51000.00"),
  created_at: "2026-01-01T00:00:00.000Z",
} as Analysis;
const SHORT = {
  ...LONG,
  analysis_id: "two",
  signal: "Short",
  suggested_stop_loss: decimal("50500"),
  suggested_take_profit: decimal("49000"),
};
const NEUTRAL = {
  ...LONG,
  signal: "Neutral",
  suggested_entry: null,
  suggested_stop_loss: null,
  suggested_take_profit: null,
};

const price = fc.integer({ min: 1, max: 10_000_000 }).map((n) => decimal(`${n}e-4`));

test("a distance leads back to the price that it was measured to", () => {
  fc.assert(
    fc.property(price, price, (from, to) => {
      const percent = percentFrom(from, to);
      assert.ok(percent);
      const back = big(from).times(percent.div(100).plus(1));
      assert.ok(back.minus(big(to)).abs().lt("1e-10"));
    }),
  );
});

test("a distance has the sign of its direction, and none from nothing", () => {
  assert.equal(percentFrom(decimal("200"), decimal("150"))?.toFixed(), "-25");
  assert.equal(percentFrom(decimal("0.00"), decimal("1")), null);
});

test("suggested prices lie as on the chart, with their distance from the entry", () => {
  const rows = (analysis: Analysis) =>
    suggestedPrices(analysis).map(({ name, fromEntry }) => [name, fromEntry?.toFixed()]);
  assert.deepEqual(rows(LONG), [
    ["Target", "2"],
    ["Entry", undefined],
    ["Stop", "-1"],
  ]);
  assert.deepEqual(rows(SHORT), [
    ["Stop", "1"],
    ["Entry", undefined],
    ["Target", "-2"],
  ]);
  assert.deepEqual(rows(NEUTRAL), []);
});

test("what has expired is drawn in no colour of its own", () => {
  const tones = (isCurrent: boolean) => levelsOf(LONG, isCurrent).map(({ tone }) => tone);
  assert.deepEqual(tones(true), ["up", "accent", "down"]);
  assert.deepEqual(tones(false), ["muted", "muted", "muted"]);
});

test("the ticket is given side, type, price and signal, the price with all its digits", () => {
  const { page, parameter, query } = parseRoute(ticketAddress(LONG) ?? "");
  assert.equal(page, "market");
  assert.equal(parameter, "BTCUSDT");
  assert.deepEqual(Object.fromEntries(query), {
    side: "BUY",
    type: "LIMIT",
    price: "50000.00",
    signal: "one",
  });
  assert.equal(parseRoute(ticketAddress(SHORT) ?? "").query.get("side"), "SELL");
  assert.equal(ticketAddress(NEUTRAL), null);
});

test("marks open and close a position the right way round", () => {
  const score = {
    outcome: "STOP",
    entered_at: "2026-01-01T01:00:00.000Z",
    ended_at: "2026-01-01T02:00:00.000Z",
    exit_price: null,
    r_multiple: null,
  };
  const sides = (analysis: Analysis) => marksOf(analysis).map(({ side }) => side);
  assert.deepEqual(sides({ ...LONG, score }), ["BUY", "SELL"]);
  assert.deepEqual(sides({ ...SHORT, score }), ["SELL", "BUY"]);
  assert.deepEqual(sides(SHORT), ["SELL"]);
  assert.deepEqual(sides(NEUTRAL), []);
});

test("of two analyses the newer is shown, of the same one the answer itself", () => {
  const newer = { ...SHORT, created_at: "2026-01-01T00:00:01.000Z" };
  assert.equal(newerOf(LONG, newer), newer);
  assert.equal(newerOf(newer, LONG), newer);
  assert.equal(newerOf(LONG, { ...LONG }), LONG);
  assert.equal(newerOf(null, LONG), LONG);
  assert.equal(newerOf(LONG, null), LONG);
});

test("confidence is whole percent", () => {
  assert.equal(confidenceText(decimal("0.625")), "63%");
  assert.equal(confidenceText(decimal("1")), "100%");
});
