import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  dayOf,
  daysIn,
  lastDayBefore,
  openRangeInWords,
  periodOf,
  readOpenRange,
  readRange,
} from "../../../src/pages/archives/ranges";

test("both typed days are in the range, whole", () => {
  assert.deepEqual(readRange({ first: "2026-01-01", last: "2026-01-31" }).range, {
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-02-01T00:00:00.000Z",
  });
});

test("one day is a range", () => {
  const { range } = readRange({ first: "2028-02-29", last: "2028-02-29" });
  assert.ok(range);
  assert.equal(daysIn(range), 1);
});

test("what is no day, or ends before it begins, is refused where it is", () => {
  assert.deepEqual(Object.keys(readRange({ first: "", last: "2026-01-01" }).errors ?? {}), [
    "first",
  ]);
  assert.deepEqual(Object.keys(readRange({ first: "2026-02-30", last: "" }).errors ?? {}), [
    "first",
    "last",
  ]);
  const backwards = readRange({ first: "2026-01-02", last: "2026-01-01" });
  assert.deepEqual(Object.keys(backwards.errors ?? {}), ["last"]);
});

test("an end that is left out restricts nothing", () => {
  assert.deepEqual(readOpenRange({ first: "", last: "" }).range, {});
  assert.deepEqual(readOpenRange({ first: "2026-01-01", last: "" }).range, {
    from: "2026-01-01T00:00:00.000Z",
  });
  assert.deepEqual(readOpenRange({ first: "", last: "2026-01-01" }).range, {
    to: "2026-01-02T00:00:00.000Z",
  });
  assert.ok(readOpenRange({ first: "soon", last: "" }).errors?.first);
  assert.ok(readOpenRange({ first: "2026-01-02", last: "2026-01-01" }).errors?.last);
});

const DAYS = fc.integer({ min: 0, max: 40_000 });
const day = (count: number) => new Date(count * 86_400_000).toISOString().slice(0, 10);

test("a range that was read is told as the days that were typed", () => {
  fc.assert(
    fc.property(DAYS, DAYS, (a, b) => {
      const [first, last] = [day(Math.min(a, b)), day(Math.max(a, b))];
      const { range } = readRange({ first, last });
      assert.ok(range);
      assert.equal(dayOf(range.from), first);
      assert.equal(lastDayBefore(range.to), last);
      assert.equal(daysIn(range), Math.abs(a - b) + 1);
      const told = openRangeInWords(range.from, range.to);
      assert.equal(told, first === last ? first : `${first} to ${last}`);
    }),
  );
});

test("holds without an end say so", () => {
  assert.equal(openRangeInWords(null, null), "All times");
  assert.equal(openRangeInWords("2026-01-01T00:00:00Z", null), "From 2026-01-01");
  assert.equal(openRangeInWords(null, "2026-02-01T00:00:00Z"), "Until 2026-01-31");
});

test("a period is the days of its first and last record", () => {
  assert.equal(
    periodOf("2026-01-03T23:59:59.999Z", "2026-01-31T00:00:00Z"),
    "2026-01-03 to 2026-01-31",
  );
});
