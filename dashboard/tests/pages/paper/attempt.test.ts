import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempt, freshKey } from "../../../src/pages/paper/attempt";

function attempt(): Attempt {
  let made = 0;
  return new Attempt(() => {
    made += 1;
    return `key-${made}`;
  });
}

test("the same request has the same key until its outcome is known", () => {
  const asked = attempt();
  assert.equal(asked.keyFor("a"), "key-1");
  assert.equal(asked.keyFor("a"), "key-1");
  asked.settle();
  assert.equal(asked.keyFor("a"), "key-2");
});

test("another request has another key", () => {
  const asked = attempt();
  assert.notEqual(asked.keyFor("a"), asked.keyFor("b"));
});

test("keys are made of 128 bits and do not repeat", () => {
  const keys = new Set(Array.from({ length: 100 }, freshKey));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});
