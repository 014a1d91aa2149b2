import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal, digits } from "../../../src/money/decimal";
import {
  drawdownFrom,
  drawdownText,
  type EquityPoint,
  nameOf,
  openingEquity,
  peakOf,
  percentChange,
  resultOf,
  type Session,
  shareText,
} from "../../../src/pages/paper/performance";

const cents = fc.integer({ min: 1, max: 100_000_000 }).map((n) => decimal(`${n}e-2`));
const point = (equity: string) => ({ equity: decimal(equity) }) as EquityPoint;
const session = (more: Partial<Session>) =>
  ({
    initial_balance: decimal("10000"),
    forked_from: null,
    generation: decimal("1"),
    ...more,
  }) as Session;

test("a session begins with its initial balance", () => {
  assert.equal(openingEquity(session({}), null), "10000");
});

test("a fork begins with what its curve begins with, which is unknown without the curve", () => {
  const fork = session({ forked_from: "abc#4" });
  assert.equal(openingEquity(fork, [point("9876.5"), point("9900")]), "9876.5");
  assert.equal(openingEquity(fork, null), null);
});

test("a fork that was reset begins with its initial balance", () => {
  const reset = session({ forked_from: "abc#4", generation: decimal("2") });
  assert.equal(openingEquity(reset, [point("9876.5")]), "10000");
});

test("a change in percent leads from one value to the other", () => {
  fc.assert(
    fc.property(cents, cents, (from, to) => {
      const percent = percentChange(from, to);
      const back = big(from).times(percent?.div(100).plus(1) ?? 0);
      assert.ok(back.minus(big(to)).abs().lt("1e-6"));
    }),
  );
});

test("there is no change in percent from nothing", () => {
  assert.equal(percentChange(decimal("0"), decimal("5")), null);
});

test("a result needs both of its ends", () => {
  assert.equal(resultOf(null, decimal("1")), null);
  assert.equal(resultOf(decimal("1"), null), null);
  const result = resultOf(decimal("10000"), decimal("9950"));
  assert.equal(digits(result?.money ?? big(0)), "-50");
  assert.equal(digits(result?.percent ?? big(0)), "-0.5");
});

test("a drawdown is a share of the highest equity, from 0 to 1", () => {
  fc.assert(
    fc.property(fc.array(cents, { minLength: 1 }), (equities) => {
      const peak = peakOf(equities.map((equity) => point(equity)));
      for (const equity of equities) {
        const share = drawdownFrom(peak, equity);
        assert.ok(share?.gte(0) && share.lte(1));
        assert.equal(share?.eq(0), peak?.eq(big(equity)));
      }
    }),
  );
});

test("a new high is no drawdown, an unknown equity an unknown one", () => {
  assert.ok(drawdownFrom(big(100), decimal("120"))?.eq(0));
  assert.equal(drawdownFrom(big(100), null), null);
  assert.equal(drawdownFrom(peakOf([]), decimal("1")), null);
});

test("a drawdown in words: none only where there is none", () => {
  assert.equal(drawdownText(decimal("0")), "None");
  assert.equal(drawdownText(decimal("0.00001")), "Under 0.01%");
  assert.equal(drawdownText(decimal("0.0125")), "−1.25%");
});

test("a share has one digit after the point where it needs one", () => {
  assert.equal(shareText(decimal("0.625")), "62.5%");
  assert.equal(shareText(decimal("1")), "100%");
});

test("a session without a name is called by its id", () => {
  assert.equal(nameOf({ name: " ", session_id: "0123456789" }), "Session 01234567");
  assert.equal(nameOf({ name: "Trend", session_id: "0123456789" }), "Trend");
});
