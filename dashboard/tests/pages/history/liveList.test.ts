import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Trade } from "../../../src/live/private";
import { withNews } from "../../../src/pages/history/liveList";
import { trade } from "./trades";

const at = (second: number) => `2026-11-29T12:00:${String(second).padStart(2, "0")}.000Z`;
const made = (id: string, second: number, changes: Partial<Trade> = {}) =>
  trade({ trade_id: id, created_at: at(second), updated_at: at(second), ...changes });
const heard = (...trades: Trade[]) => new Map(trades.map((each) => [each.trade_id, each]));
const ids = (trades: readonly Trade[]) => trades.map(({ trade_id }) => trade_id);

const listed = [made("c", 30), made("b", 20), made("a", 10)];

test("nothing heard changes nothing", () => {
  assert.deepEqual(withNews(listed, heard(), {}, true), listed);
});

test("a new trade comes first", () => {
  assert.deepEqual(ids(withNews(listed, heard(made("d", 40)), {}, true)), ["d", "c", "b", "a"]);
});

test("what became of a trade replaces it, unless the list knows better", () => {
  const filled = made("b", 20, { status: "FILLED", updated_at: at(50) });
  assert.equal(withNews(listed, heard(filled), {}, true)[1]?.status, "FILLED");
  const older = made("b", 20, { status: "SUBMITTING", updated_at: at(19) });
  assert.equal(withNews(listed, heard(older), {}, true)[1]?.status, "NEW");
});

test("what does not match the filters any more goes", () => {
  const filled = made("b", 20, { status: "FILLED", updated_at: at(50) });
  assert.deepEqual(ids(withNews(listed, heard(filled), { status: "NEW" }, true)), ["c", "a"]);
  const other = made("d", 40, { symbol: "ETHUSDT" });
  assert.deepEqual(ids(withNews(listed, heard(other), { symbol: "BTCUSDT" }, true)), ids(listed));
});

test("what is older than the part that was read waits for its turn", () => {
  const old = made("0", 5, { updated_at: at(50) });
  assert.deepEqual(ids(withNews(listed, heard(old), {}, true)), ["c", "b", "a"]);
  assert.deepEqual(ids(withNews(listed, heard(old), {}, false)), ["c", "b", "a", "0"]);
});

test("every trade is there once, newest first", () => {
  const some = fc.uniqueArray(
    fc.tuple(fc.string({ minLength: 1 }), fc.integer({ min: 0, max: 59 })),
    {
      selector: ([id]) => id,
    },
  );
  fc.assert(
    fc.property(some, some, fc.boolean(), (before, news, hasMore) => {
      const list = withNews(
        [],
        heard(...before.map(([id, second]) => made(id, second))),
        {},
        false,
      );
      const shown = withNews(
        list,
        heard(...news.map(([id, second]) => made(id, second))),
        {},
        hasMore,
      );
      assert.equal(new Set(ids(shown)).size, shown.length);
      for (const [index, each] of shown.slice(1).entries()) {
        assert.ok((shown[index]?.created_at ?? "") >= each.created_at);
      }
    }),
  );
});
