import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal } from "../../../src/money/decimal";
import { estimateOf } from "../../../src/pages/trade/estimate";
import { draft, known } from "./known";

test("a purchase at the market pays the ask, and its fee in what it buys", () => {
  const found = estimateOf(draft({ amount: "0.1" }), known());
  assert.equal(found?.price.toFixed(), "50000");
  assert.equal(found?.value.toFixed(), "5000");
  assert.equal(found?.fee.toFixed(), "0.0001");
  assert.equal(found?.feeAsset, "BTC");
  assert.equal(found?.baseAfter?.toFixed(), "0.5999");
  assert.equal(found?.quoteAfter?.toFixed(), "5000");
  assert.equal(found?.shareOfLimit?.toFixed(), "50");
});

test("a sale takes the bid, and its fee is taken from what it brings", () => {
  const found = estimateOf(draft({ side: "SELL", amount: "0.1" }), known());
  assert.equal(found?.value.toFixed(), "4999");
  assert.equal(found?.fee.toFixed(), "4.999");
  assert.equal(found?.feeAsset, "USDT");
  assert.equal(found?.baseAfter?.toFixed(), "0.4");
  assert.equal(found?.quoteAfter?.toFixed(), "14994.001");
});

test("an amount in the quote asset buys whole steps, and counts in full against limits", () => {
  const found = estimateOf(draft({ amountIn: "quote", amount: "100.7" }), known());
  assert.equal(found?.quantity.toFixed(), "0.00201");
  assert.equal(found?.value.toFixed(), "100.5");
  assert.equal(found?.notional.toFixed(), "100.7");
});

test("an order with a price is reckoned at it, live price or not", () => {
  const limit = draft({ type: "LIMIT", amount: "0.1", price: "40000" });
  assert.equal(estimateOf(limit, known({ quote: null }))?.value.toFixed(), "4000");
  assert.equal(estimateOf(draft({ amount: "0.1" }), known({ quote: null })), null);
});

test("what is not known is not made up", () => {
  const found = estimateOf(draft({ amount: "0.1" }), known({ rate: null, account: null }));
  assert.deepEqual([found?.worth, found?.shareOfLimit, found?.baseAfter], [null, null, null]);
});

test("limits are reckoned in the account's asset", () => {
  const found = estimateOf(draft({ amount: "0.1" }), known({ rate: decimal("2") }));
  assert.equal(found?.worth?.toFixed(), "10000");
});
