import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { href, parseRoute } from "../../src/shell/router";

test("an address leads to where it was made for", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (parameter) => {
      assert.equal(parseRoute(href("trades", parameter)).parameter, parameter);
    }),
  );
});

test("a query goes along", () => {
  const { page, query } = parseRoute(
    href("history", undefined, { symbol: "BTCUSDT", status: undefined }),
  );
  assert.equal(page, "history");
  assert.deepEqual([...query], [["symbol", "BTCUSDT"]]);
});

test("what leads nowhere leads home", () => {
  for (const hash of ["", "#", "#/", "#/nowhere", "#/constructor", "#/__proto__/x", "#//"]) {
    assert.deepEqual(parseRoute(hash).page, "market", hash);
    assert.equal(parseRoute(hash).parameter, undefined, hash);
  }
});

test("an address that no browser made is no reason to fail", () => {
  assert.equal(parseRoute("#/trades/%E0%A4%A").parameter, undefined);
});
