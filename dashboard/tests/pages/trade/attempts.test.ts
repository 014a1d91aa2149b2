import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../../src/api/problem";
import { Attempts, isUnsettled } from "../../../src/pages/trade/attempts";

const failure = (status: number, code: string, limit_type?: string) =>
  new Problem({ title: "", detail: "", status, code, limit_type: limit_type ?? null });

/** Calls that fail as told, one after another, and then succeed. */
function attempts(...failures: unknown[]) {
  const calls: [string, string][] = [];
  let keys = 0;
  const post = async (body: string, key: string) => {
    calls.push([body, key]);
    const failed = failures.shift();
    if (failed) throw failed;
    return "done";
  };
  return { calls, made: new Attempts(post, () => `key-${++keys}`) };
}

test("two orders are two keys", async () => {
  const { calls, made } = attempts();
  await made.make("a");
  await made.make("a");
  assert.deepEqual(calls, [
    ["a", "key-1"],
    ["a", "key-2"],
  ]);
});

test("while the outcome is unknown the same order is asked again under the same key", async () => {
  const { calls, made } = attempts(
    new TypeError("no network"),
    failure(503, "SERVICE_UNAVAILABLE"),
  );
  await assert.rejects(made.make("a"), Problem);
  await assert.rejects(made.make("b"), Problem);
  assert.equal(await made.make("c"), "done");
  await made.make("d");
  assert.deepEqual(calls, [
    ["a", "key-1"],
    ["a", "key-1"],
    ["a", "key-1"],
    ["d", "key-2"],
  ]);
});

test("an order that was refused is done with; the next one is another", async () => {
  const { calls, made } = attempts(failure(422, "INVALID_ORDER"));
  await assert.rejects(made.make("a"), Problem);
  await made.make("b");
  assert.deepEqual(calls.at(-1), ["b", "key-2"]);
});

test("whoever gives up asking begins anew", async () => {
  const { calls, made } = attempts(new TypeError("no network"));
  await assert.rejects(made.make("a"), Problem);
  made.forget();
  await made.make("b");
  assert.deepEqual(calls.at(-1), ["b", "key-2"]);
});

test("a denial is an outcome, although its status says to try again", () => {
  assert.equal(isUnsettled(failure(503, "QUOTE_STALE", "quote")), false);
  assert.equal(isUnsettled(failure(503, "VENUE_UNAVAILABLE")), true);
  assert.equal(isUnsettled(failure(422, "INSUFFICIENT_BALANCE", "balance")), false);
});
