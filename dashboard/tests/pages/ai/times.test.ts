import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { remainingText, scoredAt, timeframeMs } from "../../../src/pages/ai/times";

test("a second that has begun counts, and nothing is left of what is over", () => {
  assert.equal(remainingText(300_000), "5:00");
  assert.equal(remainingText(299_001), "5:00");
  assert.equal(remainingText(61_000), "1:01");
  assert.equal(remainingText(1), "0:01");
  assert.equal(remainingText(0), "0:00");
  assert.equal(remainingText(-5_000), "0:00");
});

test("from an hour on, minutes are enough", () => {
  assert.equal(remainingText(3_599_001), "1 h 00 min");
  assert.equal(remainingText(3_600_001), "1 h 01 min");
  assert.equal(remainingText(5 * 3_600_000 + 300_000), "5 h 05 min");
});

test("below an hour the text is the span itself", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_599 }), (seconds) => {
      const [minutes = "", rest = ""] = remainingText(seconds * 1_000).split(":");
      assert.equal(Number(minutes) * 60 + Number(rest), seconds);
      assert.equal(rest.length, 2);
    }),
  );
});

test("minutes and months are told apart", () => {
  assert.equal(timeframeMs("1m"), 60_000);
  assert.equal(timeframeMs("1M"), 30 * 86_400_000);
  assert.equal(timeframeMs("15m"), 900_000);
  assert.throws(() => timeframeMs("m"), RangeError);
  assert.throws(() => timeframeMs("5x"), RangeError);
});

test("a result is known 24 candles later", () => {
  const at = scoredAt("2026-01-01T00:00:00.000Z", "1h").toISOString();
  assert.equal(at, "2026-01-02T00:00:00.000Z");
});
