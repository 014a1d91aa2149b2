import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Candle,
  candleTimeAt,
  isHole,
  laterVersion,
  mergeCandles,
} from "../../src/chart/candles";

function candle(minute: number, volume: number, closed: boolean): Candle {
  const open_time = new Date(minute * 60_000).toISOString();
  return { open_time, volume: `${volume}`, closed } as unknown as Candle;
}

const candles = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 9 }), fc.boolean()))
  .map((parts) => parts.map(([minute, volume, closed]) => candle(minute, volume, closed)));

test("a merged list is in order, has every candle once, and none of anything else", () => {
  fc.assert(
    fc.property(candles, candles, (some, others) => {
      const times = mergeCandles(some, others).map(({ open_time }) => open_time);
      assert.deepEqual(
        times,
        [...new Set([...some, ...others].map((each) => each.open_time))].sort(),
      );
    }),
  );
});

test("of each candle the later version stays, whichever list it is in", () => {
  fc.assert(
    fc.property(candles, candles, (some, others) => {
      for (const kept of mergeCandles(some, others)) {
        for (const each of [...some, ...others]) {
          if (each.open_time !== kept.open_time) continue;
          assert.ok(kept.closed || !each.closed);
          if (kept.closed === each.closed) assert.ok(Number(kept.volume) >= Number(each.volume));
        }
      }
    }),
  );
});

test("what is closed is later than what is not, however much was traded", () => {
  const [open, closed] = [candle(1, 9, false), candle(1, 3, true)];
  assert.equal(laterVersion(open, closed), closed);
  assert.equal(laterVersion(closed, open), closed);
});

test("a next candle before the last one was closed is a hole", () => {
  assert.ok(isHole(candle(1, 1, false), candle(2, 0, false)));
  assert.ok(!isHole(candle(1, 1, true), candle(2, 0, false)));
  assert.ok(!isHole(candle(1, 1, false), candle(1, 2, false)));
  assert.ok(!isHole(undefined, candle(1, 2, false)));
});

test("a moment lies in the last candle that began before it", () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(times, fc.integer({ min: -5, max: 1_005 }), (unsorted, moment) => {
      const openTimes = unsorted.sort((a, b) => a - b);
      const expected = openTimes.filter((each) => each <= moment).at(-1) ?? null;
      assert.equal(candleTimeAt(openTimes, moment), expected);
    }),
  );
});
