import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal } from "../../../src/money/decimal";
import type { Known } from "../../../src/pages/trade/known";
import type { Draft } from "../../../src/pages/trade/order";
import { blockOf, errorsOf, missingOf } from "../../../src/pages/trade/validation";
import { account, draft, known, order, position } from "./known";

const errors = (change: Partial<Draft>, state: Partial<Known> = {}) =>
  errorsOf(draft(change), known(state));
const limit = (price: string, change: Partial<Draft> = {}) =>
  errors({ type: "LIMIT", amount: "0.01", price, ...change });

test("a sensible order has nothing wrong with it", () => {
  assert.deepEqual(errors({ amount: "0.01" }), {});
  assert.deepEqual(errors({ amountIn: "quote", amount: "50" }), {});
  assert.deepEqual(limit("49000.01"), {});
  assert.deepEqual(missingOf(draft({ amount: "0.01" })), {});
});

test("what is not typed yet is missing, not wrong; nor is a zero on its way to 0.01", () => {
  for (const amount of ["", "0", "0.0"]) {
    const half = draft({ type: "STOP_LOSS_LIMIT", amount });
    assert.deepEqual(errorsOf(half, known()), {});
    assert.deepEqual(Object.keys(missingOf(half)).sort(), ["amount", "price", "stopPrice"]);
  }
});

test("ticks, steps and the least that the venue trades", () => {
  assert.match(limit("49000.001").price ?? "", /steps of 0\.01/);
  assert.match(errors({ amount: "0.000001" }).amount ?? "", /steps of 0\.00001 BTC/);
  assert.match(errors({ amount: "0.00005" }).amount ?? "", /no less than 5 USDT/);
  assert.match(errors({ amountIn: "quote", amount: "4.99" }).amount ?? "", /no less than 5 USDT/);
  assert.match(errors({ amount: "0.000000001" }).amount ?? "", /8 digits/);
  assert.match(errors({ amount: "1,5" }).amount ?? "", /point/);
});

test("no more than is free, of the asset that is spent", () => {
  assert.match(errors({ amount: "0.21" }).amount ?? "", /free: 10,000 USDT/);
  assert.match(errors({ side: "SELL", amount: "0.51" }).amount ?? "", /free: 0\.5 BTC/);
  const noPrice = errors({ side: "SELL", amount: "0.51" }, { quote: null });
  assert.match(noPrice.amount ?? "", /free: 0\.5 BTC/);
});

test("no more than the limits of an order and of a position allow", () => {
  const rich = account({ USDT: ["1000000", "0"] });
  assert.deepEqual(errors({ amount: "0.2" }, { account: rich }), {});
  assert.match(errors({ amount: "0.20001" }, { account: rich }).amount ?? "", /10,000 USDT of one/);
  const held = {
    account: rich,
    positions: [position("BTCUSDT", "0.8")],
    orders: [order("BTCUSDT", "BUY", "0.1", "50000"), order("ETHUSDT", "BUY", "9", "3000")],
  };
  assert.deepEqual(errors({ amount: "0.1" }, held), {});
  assert.match(
    errors({ amount: "0.11" }, held).amount ?? "",
    /position would be worth 50,492 USDT/,
  );
});

test("a price too far through the market is a slip of the hand, a far one that waits is not", () => {
  assert.equal(limit("52500").price, undefined);
  assert.match(limit("52500.01").price ?? "", /above the ask; your limit is 5%/);
  assert.equal(limit("1000").price, undefined);
  assert.match(limit("47000", { side: "SELL" }).price ?? "", /below the bid/);
  assert.equal(limit("90000", { side: "SELL" }).price, undefined);
});

test("a stop's price is held against the stop, and the stop against the market", () => {
  const stop = (stopPrice: string, price: string, change: Partial<Draft> = {}) =>
    errors({ type: "STOP_LOSS_LIMIT", side: "SELL", amount: "0.01", stopPrice, price, ...change });
  assert.deepEqual(stop("45000", "44900"), {});
  assert.match(stop("45000", "42000").price ?? "", /below the stop/);
  assert.match(stop("49995", "49900").stopPrice ?? "", /below the market/);
  const take = { type: "TAKE_PROFIT_LIMIT" } as const;
  assert.deepEqual(stop("55000", "54900", take), {});
  assert.match(stop("49000", "48900", take).stopPrice ?? "", /above the market/);
});

test("a halted account sends nothing, a reducing one sells what it has", () => {
  const halted = known({ account: account({}, "HALTED") });
  assert.match(blockOf(draft({ side: "SELL" }), halted) ?? "", /halted/);
  const reducing = known({
    account: account({ BTC: ["0.5", "0"] }, "REDUCING"),
    positions: [position("BTCUSDT", "0.3")],
  });
  const sale = { side: "SELL", type: "LIMIT", price: "50000" } as const;
  assert.match(blockOf(draft(), reducing) ?? "", /nothing can be bought/);
  assert.equal(blockOf(draft(sale), reducing), null);
  assert.match(blockOf(draft(sale), { ...reducing, positions: [] }) ?? "", /no BTC position/);
  const tooMuch = errorsOf(draft({ ...sale, amount: "0.31" }), { ...reducing, limits: null });
  assert.match(tooMuch.amount ?? "", /at most 0\.3 BTC/);
});

test("an order at the market needs a live price, one with a price does not", () => {
  const stale = known({ quote: null });
  assert.match(blockOf(draft(), stale) ?? "", /stale/);
  assert.match(blockOf(draft(), { ...stale, isConnected: false }) ?? "", /connection is gone/);
  assert.equal(blockOf(draft({ type: "LIMIT" }), stale), null);
});

test("nothing is sent for an account that nobody knows", () => {
  assert.notEqual(blockOf(draft(), known({ account: null })), null);
});

test("one more symbol than may be open is one too many; the same one again is not", () => {
  const two = {
    positions: [position("ETHUSDT", "1")],
    orders: [order("ADAUSDT", "BUY", "1", "1")],
  };
  assert.match(blockOf(draft(), known(two)) ?? "", /2 open positions/);
  assert.equal(blockOf(draft({ side: "SELL" }), known(two)), null);
  const same = { ...two, positions: [position("BTCUSDT", "1")] };
  assert.equal(blockOf(draft(), known(same)), null);
});

test("where limits are not known, the order is not held against them", () => {
  const rich = account({ USDT: ["1000000", "0"] });
  assert.deepEqual(errors({ amount: "1" }, { account: rich, limits: null }), {});
  assert.equal(known().limits?.max_open_positions, decimal("2"));
});
