import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordErrors } from "../../../src/pages/settings/passwords";
import { keyError, venueWords } from "../../../src/pages/settings/venues";

test("a venue that is not known is taken for one with real money", () => {
  assert.ok(!venueWords("sandbox").isRealMoney);
  assert.ok(!venueWords("testnet").isRealMoney);
  assert.ok(venueWords("live").isRealMoney);
  assert.ok(venueWords("elsewhere").isRealMoney);
});

test("only what can stand in a header is a key", () => {
  assert.equal(
    keyError("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
    undefined,
  );
  for (const text of ["", "two words", "line\nbreak", "clé", "x".repeat(257)]) {
    assert.ok(keyError(text), JSON.stringify(text));
  }
});

test("a new password is long enough, new, and typed twice alike", () => {
  const good = { current: "old password", fresh: "another one", repeated: "another one" };
  assert.deepEqual(passwordErrors(good), {});
  assert.deepEqual(Object.keys(passwordErrors({ ...good, current: "" })), ["current"]);
  assert.deepEqual(Object.keys(passwordErrors({ ...good, repeated: "another" })), ["repeated"]);
  const same = { current: "old password", fresh: "old password", repeated: "old password" };
  assert.deepEqual(Object.keys(passwordErrors(same)), ["fresh"]);
});

test("a character counts once, whatever it is made of", () => {
  const face = "\u{1f600}";
  const of = (count: number) => ({
    current: "old",
    fresh: face.repeat(count),
    repeated: face.repeat(count),
  });
  assert.ok(passwordErrors(of(7)).fresh);
  assert.equal(passwordErrors(of(8)).fresh, undefined);
});
