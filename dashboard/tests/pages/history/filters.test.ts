import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dayOf, daysBefore, startOfDay } from "../../../src/pages/history/days";
import {
  addressOf,
  filtersOf,
  matches,
  queryOf,
  STATUSES,
} from "../../../src/pages/history/filters";
import { parseRoute } from "../../../src/shell/router";
import { trade } from "./trades";

const moment = fc.date({
  min: new Date(1990, 0, 1),
  max: new Date(2090, 0, 1),
  noInvalidDate: true,
});
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const filters = fc.record(
  {
    symbol: maybe(fc.constantFrom("BTCUSDT", "1000SHIBUSDT")),
    status: maybe(fc.constantFrom(...STATUSES)),
    since: maybe(moment.map(dayOf)),
  },
  { noNullPrototype: true },
);

test("an address brings the filters back that it was made of", () => {
  fc.assert(
    fc.property(filters, (chosen) => {
      const { page, query } = parseRoute(addressOf(chosen));
      assert.equal(page, "history");
      assert.deepEqual(filtersOf(query), chosen);
    }),
  );
});

test("what an address cannot mean filters nothing", () => {
  const query = new URLSearchParams("symbol=BTC%2FUSDT&status=filled&since=2026-02-30&x=1");
  assert.deepEqual(filtersOf(query), { symbol: undefined, status: undefined, since: undefined });
  assert.equal(filtersOf(new URLSearchParams("symbol=btcusdt")).symbol, "BTCUSDT");
});

test("a day begins at its midnight on this clock, and every moment of it is later", () => {
  fc.assert(
    fc.property(moment, (at) => {
      const start = startOfDay(dayOf(at));
      assert.ok(start !== undefined);
      assert.ok(new Date(start) <= at);
      assert.equal(dayOf(new Date(start)), dayOf(at));
      assert.notEqual(dayOf(new Date(new Date(start).getTime() - 1)), dayOf(at));
    }),
  );
});

test("no such day", () => {
  for (const day of ["", "2026-13-01", "2026-02-29", "0050-01-01", "2026-1-1", "tomorrow"]) {
    assert.equal(startOfDay(day), undefined, day);
  }
});

test("days are counted by the calendar, across months and years", () => {
  assert.equal(daysBefore(new Date(2026, 2, 1, 23, 59), 0), "2026-03-01");
  assert.equal(daysBefore(new Date(2026, 2, 1, 0, 1), 1), "2026-02-28");
  assert.equal(daysBefore(new Date(2026, 0, 5), 6), "2025-12-30");
});

test("a trade matches as the API would find it", () => {
  const made = trade({ created_at: "2026-11-29T12:00:00.000Z", status: "FILLED" });
  assert.ok(matches(made, {}));
  assert.ok(matches(made, { symbol: "BTCUSDT", status: "FILLED", since: "2026-11-27" }));
  assert.ok(!matches(made, { symbol: "ETHUSDT" }));
  assert.ok(!matches(made, { status: "NEW" }));
  assert.ok(!matches(made, { since: "2026-12-01" }));
  assert.equal(queryOf({ since: undefined }).since, undefined);
});
