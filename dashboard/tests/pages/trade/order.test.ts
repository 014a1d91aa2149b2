import assert from "node:assert/strict";
import { test } from "node:test";
import { writeJson } from "../../../src/api/json";
import { bodyOf, changed, waitsAbove } from "../../../src/pages/trade/order";
import { draft } from "./known";

const sent = (change: Parameters<typeof draft>[0]) =>
  JSON.parse(writeJson(bodyOf(draft(change), "BTCUSDT") as never));

test("an order at the market has no price and no time in force", () => {
  const typed = { amount: "0.5", price: "1", stopPrice: "2" };
  assert.deepEqual(sent(typed), { symbol: "BTCUSDT", side: "BUY", type: "MARKET", quantity: 0.5 });
});

test("an amount in the quote asset is a quote quantity", () => {
  const body = sent({ amountIn: "quote", amount: "50" });
  assert.equal(body.quote_quantity, 50);
  assert.ok(!("quantity" in body));
});

test("a stop order has both of its prices, and names the analysis that suggested it", () => {
  const body = sent({
    side: "SELL",
    type: "STOP_LOSS_LIMIT",
    amount: "1",
    price: "9",
    stopPrice: "10",
    timeInForce: "IOC",
    signalId: "a1",
  });
  assert.deepEqual(body, {
    symbol: "BTCUSDT",
    side: "SELL",
    type: "STOP_LOSS_LIMIT",
    quantity: 1,
    price: 9,
    stop_price: 10,
    time_in_force: "IOC",
    ai_signal_id: "a1",
  });
});

test("digits are sent as they were typed", () => {
  const body = bodyOf(draft({ amount: "0.00000001" }), "BTCUSDT");
  assert.match(writeJson(body as never), /"quantity":0\.00000001[,}]/);
});

test("50 of one asset do not become 50 of the other", () => {
  const before = draft({ amountIn: "quote", amount: "50" });
  assert.equal(changed(before, { amountIn: "base" }).amount, "");
  const limit = changed(before, { type: "LIMIT" });
  assert.deepEqual([limit.amountIn, limit.amount], ["base", ""]);
  assert.equal(changed(before, { side: "SELL" }).amount, "50");
});

test("a stop waits for the loss, a take-profit for the gain", () => {
  assert.equal(waitsAbove("SELL", "STOP_LOSS_LIMIT"), false);
  assert.equal(waitsAbove("SELL", "TAKE_PROFIT_LIMIT"), true);
  assert.equal(waitsAbove("BUY", "STOP_LOSS_LIMIT"), true);
  assert.equal(waitsAbove("BUY", "TAKE_PROFIT_LIMIT"), false);
});
