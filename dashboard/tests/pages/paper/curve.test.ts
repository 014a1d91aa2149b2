import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal } from "../../../src/money/decimal";
import {
  equityRange,
  nearest,
  pathThrough,
  roundTicks,
  type Spot,
  scale,
  summary,
  thinned,
  tickPlaces,
  timeTicks,
  withNow,
} from "../../../src/pages/paper/curve";
import type { EquityPoint } from "../../../src/pages/paper/performance";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const spot = (at: number, equity: number): Spot => ({ at, equity, drawdown: 0 });
const spots = fc
  .array(fc.tuple(fc.nat(1_000), fc.integer({ min: 0, max: 20_000 })), { minLength: 1 })
  .map((pairs) => pairs.sort(([a], [b]) => a - b).map(([at, equity]) => spot(at, equity)));
const point = (second: number, equity: string, drawdown = "0"): EquityPoint => ({
  timestamp: `2026-03-01T10:00:${String(second).padStart(2, "0")}.000Z`,
  equity: decimal(equity),
  drawdown: decimal(drawdown),
});

test("a scale maps the ends onto the ends, and back", () => {
  const there = scale([10, 20], [300, 0]);
  const back = scale([300, 0], [10, 20]);
  assert.equal(there(10), 300);
  assert.equal(there(20), 0);
  assert.equal(back(there(17)), 17);
});

test("a single moment stands in the middle", () => {
  assert.equal(scale([5, 5], [0, 100])(5), 50);
});

test("every equity has room, with air above and below", () => {
  fc.assert(
    fc.property(spots, (all) => {
      const [least, most] = equityRange(all);
      for (const { equity } of all) assert.ok(least < equity && equity < most);
    }),
  );
});

test("a flat curve and none at all have a range, too", () => {
  const [least, most] = equityRange([spot(0, 10_000), spot(1, 10_000)]);
  assert.deepEqual([least, most], [9_988, 10_012]);
  assert.deepEqual(equityRange([]), [0, 1]);
});

test("ticks are round and lie within the range", () => {
  assert.deepEqual(roundTicks([9_983, 10_002], 4), [9_985, 9_990, 9_995, 10_000]);
  fc.assert(
    fc.property(
      fc.integer({ min: -1e6, max: 1e6 }),
      fc.integer({ min: 1, max: 1e6 }),
      (from, length) => {
        const range = [from, from + length] as const;
        const ticks = roundTicks(range, 5);
        assert.ok(ticks.length >= 1 && ticks.length <= 6);
        for (const tick of ticks) assert.ok(tick >= range[0] && tick <= range[1]);
      },
    ),
  );
});

test("no range has no ticks", () => {
  assert.deepEqual(roundTicks([5, 5], 4), []);
});

test("ticks have the digits that tell them apart", () => {
  assert.equal(tickPlaces([9_985, 9_990]), 0);
  assert.equal(tickPlaces([1, 3.5]), 1);
  assert.equal(tickPlaces([1, 1.025]), 3);
  assert.equal(tickPlaces([1.1, 1.2, 1.3]), 1);
});

test("moments on the axis are round on the clock of whoever looks", () => {
  const from = Date.UTC(2026, 2, 1, 10, 7);
  const { step, at } = timeTicks([from, from + 4 * HOUR], 4);
  assert.equal(step, HOUR);
  assert.deepEqual(
    at.map((tick) => new Date(tick).getUTCHours()),
    [11, 12, 13, 14],
  );
  const half = timeTicks([from, from + 4 * HOUR], 4, 30 * MINUTE);
  assert.ok(half.at.every((tick) => new Date(tick).getUTCMinutes() === 30));
});

test("one moment needs no axis", () => {
  assert.deepEqual(timeTicks([5, 5], 4).at, []);
});

test("thinning keeps the ends, the lowest and the highest, and invents nothing", () => {
  fc.assert(
    fc.property(spots, (all) => {
      const kept = thinned(all, (at) => at / 50);
      const equities = (some: readonly Spot[]) => some.map(({ equity }) => equity);
      assert.equal(kept[0], all[0]);
      assert.equal(kept.at(-1), all.at(-1));
      assert.equal(Math.max(...equities(kept)), Math.max(...equities(all)));
      assert.equal(Math.min(...equities(kept)), Math.min(...equities(all)));
      assert.ok(kept.every((each) => all.includes(each)));
      assert.ok(kept.length <= 4 * 21);
    }),
  );
});

test("the nearest point is one that no other is nearer than", () => {
  fc.assert(
    fc.property(spots, fc.integer({ min: -100, max: 1_100 }), (all, at) => {
      const found = all[nearest(all, at)];
      const distance = Math.abs((found?.at ?? Number.NaN) - at);
      assert.equal(distance, Math.min(...all.map((each) => Math.abs(each.at - at))));
    }),
  );
});

test("nothing is nearest to a moment where there is nothing", () => {
  assert.equal(nearest([], 5), -1);
});

test("a path goes from point to point", () => {
  assert.equal(
    pathThrough([
      [0, 1.26],
      [2, 3],
    ]),
    "M0.0 1.3L2.0 3.0",
  );
});

test("what a session is worth now ends the curve, with its drawdown", () => {
  const points = [point(0, "100"), point(5, "120")];
  const shown = withNow(points, big(90), new Date("2026-03-01T10:01:00Z"));
  assert.equal(shown.length, 3);
  assert.equal(shown[2]?.equity, "90");
  assert.equal(shown[2]?.drawdown, "0.25");
});

test("an unknown worth, or a clock that is behind, adds nothing", () => {
  const points = [point(0, "100"), point(5, "120")];
  assert.equal(withNow(points, null, new Date("2026-03-01T10:01:00Z")), points);
  assert.equal(withNow(points, big(90), new Date("2026-03-01T09:00:00Z")), points);
  assert.deepEqual(withNow([], big(90), new Date()), []);
});

test("the curve in words has its ends, its extremes and its deepest fall", () => {
  const points = [point(0, "100"), point(1, "120"), point(2, "90", "0.25"), point(3, "110")];
  assert.equal(
    summary(points, "USDT"),
    "From 100.00 USDT to 110.00 USDT; lowest 90.00 USDT, highest 120.00 USDT; deepest drawdown −25.00%.",
  );
  assert.equal(summary([], "USDT"), "No equity is recorded yet.");
});
