import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../../src/api/problem";
import { decimal } from "../../../src/money/decimal";
import { collectAll } from "../../../src/pages/history/collect";

const PAGES = [[1, 2, 3], [4, 5], [], [6]];

/** A list in pages, whose cursors are their numbers. */
async function readPage(cursor: string | undefined) {
  const at = Number(cursor ?? 0);
  const next_cursor = at + 1 < PAGES.length ? String(at + 1) : null;
  return { items: PAGES[at] ?? [], next_cursor };
}

const tooFast = () =>
  new Problem({
    title: "",
    status: 429,
    code: "RATE_LIMITED",
    detail: "",
    retry_after_s: decimal("3"),
  });

test("every page is read, in order, and counted", async () => {
  const counts: number[] = [];
  const { signal } = new AbortController();
  const found = await collectAll(readPage, { signal, onProgress: (count) => counts.push(count) });
  assert.deepEqual(found, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(counts, [3, 5, 5, 6]);
});

test("it ends when it is given up", async () => {
  const abort = new AbortController();
  const onProgress = () => abort.abort();
  await assert.rejects(collectAll(readPage, { signal: abort.signal, onProgress }), {
    name: "AbortError",
  });
});

test("it waits as long as the API asks, and loses nothing", async () => {
  let calls = 0;
  const waited: number[] = [];
  const found = await collectAll(
    (cursor) => {
      calls += 1;
      return calls % 2 === 0 ? readPage(cursor) : Promise.reject(tooFast());
    },
    {
      signal: new AbortController().signal,
      onProgress: () => {},
      wait: async (ms) => {
        waited.push(ms);
      },
    },
  );
  assert.deepEqual(found, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(waited, [3_000, 3_000, 3_000, 3_000]);
});

test("it does not wait for ever, nor for anything else", async () => {
  const { signal } = new AbortController();
  let calls = 0;
  const refuse = (problem: Problem) => () => {
    calls += 1;
    return Promise.reject(problem);
  };
  const how = { signal, onProgress: () => {}, wait: async () => {} };
  await assert.rejects(collectAll(refuse(tooFast()), how), { code: "RATE_LIMITED" });
  assert.ok(calls > 1 && calls < 100);
  calls = 0;
  const other = new Problem({ title: "", status: 503, code: "SERVICE_UNAVAILABLE", detail: "" });
  await assert.rejects(collectAll(refuse(other), how), { code: "SERVICE_UNAVAILABLE" });
  assert.equal(calls, 1);
});
