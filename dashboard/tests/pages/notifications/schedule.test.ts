import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Schema } from "../../../src/api/client";
import {
  digestFormOf,
  digestRequest,
  LEAST_MINUTES,
  MOST_MINUTES,
  minutesError,
  quietFormOf,
  quietRequest,
} from "../../../src/pages/notifications/schedule";

type Settings = Schema<"SettingsAnswer">;

const settings = (changes: Partial<Settings>): Settings => ({
  targets: [],
  events: [],
  quiet_hours: null,
  digest: null,
  available_events: [],
  default_events: [],
  ...changes,
});
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":"));
const zone = fc.constantFrom("UTC", "Europe/Vienna", "Asia/Kathmandu");

test("quiet hours that are not touched are saved as they were", () => {
  const stored = fc.option(
    fc.record({ from: clock, to: clock, timezone: zone }, { noNullPrototype: true }),
  );
  fc.assert(
    fc.property(stored, zone, (quiet, own) => {
      const form = quietFormOf(settings({ quiet_hours: quiet }), own);
      assert.deepEqual(quietRequest(form), quiet);
    }),
  );
});

test("a digest that is not touched is saved as it was", () => {
  const minutes = fc.integer({ min: LEAST_MINUTES, max: MOST_MINUTES }).map(String);
  const stored = fc.oneof(
    fc.constant(null),
    fc.record({ every_minutes: minutes, daily_at: fc.constant(null), timezone: zone }),
    fc.record({ every_minutes: fc.constant(null), daily_at: clock, timezone: zone }),
  );
  fc.assert(
    fc.property(stored, zone, (digest, own) => {
      const form = digestFormOf(settings({ digest }), own);
      const sent = digestRequest(form);
      if (digest === null) return assert.equal(sent, null);
      assert.equal(sent?.timezone, digest.timezone);
      assert.equal(sent?.daily_at ?? null, digest.daily_at);
      return assert.equal(sent?.every_minutes?.toString() ?? null, digest.every_minutes);
    }),
  );
});

test("what is turned on begins with a person's own clock", () => {
  assert.equal(quietFormOf(settings({}), "Europe/Vienna").timezone, "Europe/Vienna");
  const form = { ...digestFormOf(settings({}), "Europe/Vienna"), kind: "daily" as const };
  assert.deepEqual(digestRequest(form), { daily_at: "08:00", timezone: "Europe/Vienna" });
});

test("minutes are whole and within the day", () => {
  for (const text of ["", "4", "1441", "7.5", "x", "-5"]) {
    assert.notEqual(minutesError(text), undefined, text);
  }
  for (const text of ["5", "1440", " 60 "]) assert.equal(minutesError(text), undefined, text);
});
