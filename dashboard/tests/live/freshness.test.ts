import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Heard, isFresh, MARKET_SILENT_MS, SYMBOL_SILENT_MS } from "../../src/live/freshness";

const LIVE: Heard = {
  now: 100_000,
  marketAt: 99_900,
  symbolAt: 99_000,
  priceTime: 1_800_000_000_000,
  newestTime: 1_800_000_000_500,
};

test("what has just been heard is live", () => {
  assert.equal(isFresh(LIVE), true);
});

test("a silent market makes every price old", () => {
  assert.equal(isFresh({ ...LIVE, marketAt: LIVE.now - MARKET_SILENT_MS }), false);
});

test("a symbol may stand still for a while, not for ever", () => {
  assert.equal(isFresh({ ...LIVE, symbolAt: LIVE.now - SYMBOL_SILENT_MS + 1 }), true);
  assert.equal(isFresh({ ...LIVE, symbolAt: LIVE.now - SYMBOL_SILENT_MS }), false);
});

test("a price that was only read is not live", () => {
  assert.equal(isFresh({ ...LIVE, symbolAt: Number.NEGATIVE_INFINITY }), false);
});

test("a snapshot of an old price is not live because it has just arrived", () => {
  const priceTime = LIVE.newestTime - SYMBOL_SILENT_MS;
  assert.equal(isFresh({ ...LIVE, symbolAt: LIVE.now, priceTime }), false);
});

test("time alone never makes a price live", () => {
  const ms = fc.integer({ min: 0, max: 200_000 });
  const heard = fc.record({ now: ms, marketAt: ms, symbolAt: ms, priceTime: ms, newestTime: ms });
  fc.assert(
    fc.property(heard, ms, (before, passed) => {
      const after = { ...before, now: before.now + passed };
      assert.ok(isFresh(before) || !isFresh(after));
    }),
  );
});
