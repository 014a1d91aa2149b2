import assert from "node:assert/strict";
import { test } from "node:test";
import { matching, type TradedSymbol } from "../../../src/pages/market/matching";

const symbols = ["ETHBTC", "BTCUSDT", "ADAUSDT"].map((symbol) => ({ symbol }) as TradedSymbol);
const found = (typed: string) => matching(symbols, typed).map(({ symbol }) => symbol);

test("what begins with the typed text comes first", () => {
  assert.deepEqual(found("btc"), ["BTCUSDT", "ETHBTC"]);
});

test("a pair may be typed as people write it", () => {
  assert.deepEqual(found(" ada/usdt "), ["ADAUSDT"]);
});

test("nothing typed is everything, in its order", () => {
  assert.deepEqual(found(""), ["ETHBTC", "BTCUSDT", "ADAUSDT"]);
});
