import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal, isMultipleOf } from "../../../src/money/decimal";
import {
  ageOf,
  closable,
  closingAt,
  resultWord,
  worthAt,
} from "../../../src/pages/positions/worth";

const position = { quantity: decimal("2"), entry_price: decimal("100") };

test("a position is worth its price, and gains what that is above its entry", () => {
  const { value, pnl, change } = worthAt(position, decimal("90"));
  assert.deepEqual([value, pnl, change].map(String), ["180", "-20", "-10"]);
});

test("what cost nothing has no change in percent", () => {
  assert.equal(worthAt({ ...position, entry_price: decimal("0") }, decimal("1")).change, null);
});

test("closing brings the bid less the fee", () => {
  const { proceeds, fee, pnl } = closingAt(big(2), decimal("100"), decimal("110"));
  assert.deepEqual([proceeds, fee, pnl].map(String), ["219.78", "0.22", "19.78"]);
});

test("what is sold is there, in whole steps, and never more than the position", () => {
  const amount = fc.nat(1_000_000).map((n) => decimal(`${n}e-6`));
  fc.assert(
    fc.property(amount, amount, (quantity, held) => {
      const sold = closable(quantity, held, decimal("0.001"));
      assert.ok(isMultipleOf(sold, decimal("0.001")));
      assert.ok(sold.lte(quantity) && sold.lte(held));
      const least = big(quantity).lt(held) ? big(quantity) : big(held);
      assert.ok(least.minus(sold).lt("0.001"));
    }),
  );
});

test("signs have words", () => {
  assert.deepEqual(
    ["-1", "0", "1"].map((n) => resultWord(decimal(n))),
    ["loss", "no change", "gain"],
  );
});

test("an age is told in its largest unit, and never below zero", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const after = (seconds: number) => ageOf(at, Date.parse(at) + seconds * 1_000);
  assert.deepEqual([-5, 59, 60, 3_599, 3_600, 90_000].map(after), [
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "1 d",
  ]);
});
