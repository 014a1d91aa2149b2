import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decimal } from "../../../src/money/decimal";
import {
  newTarget,
  perMinuteError,
  type Target,
  type TargetWish,
  targetFormOf,
  wishesWith,
  wishesWithout,
} from "../../../src/pages/notifications/targets";

const target = fc.record<Target>({
  target_id: fc.uuid(),
  name: fc.constantFrom("Phone", "Desk"),
  kind: fc.constantFrom("webhook", "email", "telegram", "discord", "apprise"),
  address: fc.constant("https://example.com/…"),
  enabled: fc.boolean(),
  disabled_reason: fc.constantFrom(null, "410"),
  events: fc.constantFrom(null, [], ["trade.executed"]),
  max_per_minute: fc.integer({ min: 1, max: 10_000 }).map((limit) => decimal(String(limit))),
  created_at: fc.constant("2026-11-29T12:00:00.000Z"),
  secret: fc.constant(null),
});
const targets = fc.uniqueArray(target, { selector: ({ target_id }) => target_id, minLength: 1 });

function assertKept(wish: TargetWish | undefined, before: Target): void {
  assert.deepEqual(
    { ...wish, max_per_minute: String(wish?.max_per_minute) },
    {
      target_id: before.target_id,
      name: before.name,
      kind: before.kind,
      enabled: before.enabled,
      events: before.events,
      max_per_minute: before.max_per_minute,
      rotate_secret: false,
    },
  );
}

test("a new target comes last, and the others stay as they are, their addresses untouched", () => {
  fc.assert(
    fc.property(targets, (before) => {
      const form = { ...newTarget(), name: " Mine ", url: " https://example.com/x " };
      const { wishes, index } = wishesWith(before, form);
      assert.equal(index, before.length);
      assert.equal(wishes[index]?.name, "Mine");
      assert.equal(wishes[index]?.url, "https://example.com/x");
      assert.equal(wishes[index]?.target_id, undefined);
      for (const [place, each] of before.entries()) assertKept(wishes[place], each);
    }),
  );
});

test("a form that is not touched changes nothing", () => {
  fc.assert(
    fc.property(targets, fc.nat(), (before, pick) => {
      const chosen = before[pick % before.length];
      assert.ok(chosen !== undefined);
      const { wishes, index } = wishesWith(before, targetFormOf(chosen));
      assert.equal(index, pick % before.length);
      assert.equal(wishes.length, before.length);
      for (const [place, each] of before.entries()) assertKept(wishes[place], each);
    }),
  );
});

test("a target that is removed is the only one that goes", () => {
  fc.assert(
    fc.property(targets, fc.nat(), (before, pick) => {
      const gone = before[pick % before.length]?.target_id ?? "";
      const left = wishesWithout(before, gone).map(({ target_id }) => target_id);
      const expected = before.map(({ target_id }) => target_id).filter((id) => id !== gone);
      assert.deepEqual(left, expected);
    }),
  );
});

test("a limit is a whole number from 1", () => {
  for (const text of ["", "0", "1.5", "10001", "many"]) {
    assert.notEqual(perMinuteError(text), undefined, text);
  }
  for (const text of ["1", "30", "10000"]) assert.equal(perMinuteError(text), undefined, text);
});
