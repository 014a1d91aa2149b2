import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { byDay } from "../../../src/pages/history/byDay";
import { dayOf } from "../../../src/pages/history/days";

const NOW = new Date(2026, 10, 29, 9);
const iso = (...parts: [number, number, number, number, number]) =>
  new Date(...parts).toISOString();

test("days have the names that people give them", () => {
  const days = byDay(
    [iso(2026, 10, 29, 0, 0), iso(2026, 10, 28, 23, 59), iso(2026, 10, 27, 12, 0)],
    (moment) => moment,
    NOW,
  );
  assert.deepEqual(
    days.slice(0, 2).map(({ title }) => title),
    ["Today", "Yesterday"],
  );
  assert.match(days[2]?.title ?? "", /27/);
});

test("nothing is lost or moved, and neighbours of a day are together", () => {
  const moments = fc.array(
    fc
      .date({ min: new Date(2026, 9, 1), max: NOW, noInvalidDate: true })
      .map((at) => at.toISOString()),
  );
  fc.assert(
    fc.property(moments, (made) => {
      const list = made.sort().reverse();
      const days = byDay(list, (moment) => moment, NOW);
      assert.deepEqual(
        days.flatMap(({ items }) => items),
        list,
      );
      assert.equal(new Set(days.map(({ day }) => day)).size, days.length);
      for (const { day, items } of days) {
        for (const moment of items) assert.equal(dayOf(new Date(moment)), day);
      }
    }),
  );
});
