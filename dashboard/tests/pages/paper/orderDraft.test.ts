import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal, digits, parseTyped } from "../../../src/money/decimal";
import {
  checkOrder,
  type OrderDraft,
  portionText,
  type Rules,
  type Surroundings,
} from "../../../src/pages/paper/orderDraft";

const rules: Rules = {
  symbol: "BTCUSDT",
  base_asset: "BTC",
  quote_asset: "USDT",
  tick_size: decimal("0.01"),
  step_size: decimal("0.00001"),
  min_quantity: decimal("0.00001"),
  min_notional: decimal("5"),
};
const around: Surroundings = {
  rules,
  quote: { bid: decimal("49999"), ask: decimal("50001"), price: decimal("50000") },
  freeBase: big(decimal("0.5")),
  freeQuote: big(decimal("10000")),
  takerFeeBps: decimal("10"),
};
const market: OrderDraft = {
  side: "BUY",
  type: "MARKET",
  unit: "base",
  amount: "0.01",
  price: "",
  stopPrice: "",
  timeInForce: "GTC",
  stopLoss: "",
  takeProfit: "",
};
const check = (more: Partial<OrderDraft>, others: Partial<Surroundings> = {}) =>
  checkOrder({ ...market, ...more }, { ...around, ...others });

test("a good order at the market is sent as it is, without a price", () => {
  const { body, wrong, missing } = check({ price: "1" });
  assert.deepEqual({ wrong, missing }, { wrong: {}, missing: {} });
  assert.deepEqual(body, {
    symbol: "BTCUSDT",
    side: "BUY",
    type: "MARKET",
    quantity: big(decimal("0.01")),
  });
});

test("what is not typed yet is missing, not wrong", () => {
  const { wrong, missing } = check({ type: "STOP_LOSS_LIMIT", amount: "" });
  assert.deepEqual(wrong, {});
  assert.deepEqual(Object.keys(missing).sort(), ["price", "quantity", "stop_price"]);
});

test("numbers that are none, or nothing, are told at their field", () => {
  assert.equal(check({ amount: "abc" }).wrong.quantity, "Not a number");
  assert.equal(check({ amount: "0" }).wrong.quantity, "More than nothing is needed");
});

test("quantities and prices keep to the symbol's steps", () => {
  assert.equal(check({ amount: "0.000015" }).wrong.quantity, "In steps of 0.00001 BTC");
  assert.equal(check({ type: "LIMIT", price: "50000.001" }).wrong.price, "In steps of 0.01");
});

test("an order below the smallest worth is told before it is sent", () => {
  const small = check({ type: "LIMIT", price: "40000", amount: "0.0001" });
  assert.equal(small.wrong.quantity, "Worth at least 5 USDT");
  assert.equal(
    check({ unit: "quote", amount: "4.99" }).wrong.quote_quantity,
    "Worth at least 5 USDT",
  );
});

test("nobody spends or sells more than is free", () => {
  assert.equal(
    check({ unit: "quote", amount: "10000.01" }).wrong.quote_quantity,
    "10,000 USDT are free",
  );
  assert.equal(check({ side: "SELL", amount: "0.50001" }).wrong.quantity, "0.5 BTC are free");
  assert.deepEqual(check({ unit: "quote", amount: "10000" }).wrong, {});
  assert.deepEqual(check({ side: "SELL", amount: "0.5" }).wrong, {});
});

test("an amount in the quote asset is for the market only", () => {
  assert.equal(check({ unit: "quote", amount: "100" }).body.quote_quantity?.toFixed(), "100");
  const limit = check({ unit: "quote", amount: "0.01", type: "LIMIT", price: "50000" });
  assert.equal(limit.body.quantity?.toFixed(), "0.01");
  assert.equal(limit.body.quote_quantity, undefined);
  assert.equal(limit.body.time_in_force, "GTC");
});

test("a stop that is due already is told, on the side where it waits", () => {
  const stop = (type: OrderDraft["type"], side: OrderDraft["side"], stopPrice: string) =>
    check({ type, side, stopPrice, price: "50000", amount: "0.01" }).wrong.stop_price;
  assert.equal(stop("STOP_LOSS_LIMIT", "SELL", "50000"), "Must lie below the last price");
  assert.equal(stop("STOP_LOSS_LIMIT", "BUY", "50000"), "Must lie above the last price");
  assert.equal(stop("TAKE_PROFIT_LIMIT", "SELL", "49000"), "Must lie above the last price");
  assert.equal(stop("TAKE_PROFIT_LIMIT", "BUY", "51000"), "Must lie below the last price");
  assert.equal(stop("STOP_LOSS_LIMIT", "SELL", "49000"), undefined);
  assert.equal(stop("STOP_LOSS_LIMIT", "BUY", "51000"), undefined);
});

test("without a live price nothing is held against a stop, and nothing is estimated", () => {
  const { wrong, estimate } = check({}, { quote: null });
  assert.deepEqual(wrong, {});
  assert.equal(estimate.notional, null);
});

test("protection lies on its sides of the entry, for purchases only", () => {
  assert.equal(check({ stopLoss: "50001" }).wrong.stop_loss, "Must lie below the entry");
  assert.equal(check({ takeProfit: "50001" }).wrong.take_profit, "Must lie above the entry");
  assert.deepEqual(check({ stopLoss: "49000", takeProfit: "52000" }).wrong, {});
  assert.equal(check({ side: "SELL", stopLoss: "49000" }).body.stop_loss, undefined);
});

test("costs are reckoned at the ask, proceeds at the bid, fees in what is received", () => {
  const buy = check({ amount: "0.1" }).estimate;
  assert.equal(buy.notional?.toFixed(), "5000.1");
  assert.equal(buy.fee?.toFixed(), "0.0001");
  const sell = check({ side: "SELL", amount: "0.1" }).estimate;
  assert.equal(sell.notional?.toFixed(), "4999.9");
  assert.equal(sell.fee?.toFixed(), "4.9999");
});

test("a part of what is free can always be ordered", () => {
  const free = fc.integer({ min: 1_000, max: 10_000_000 }).map((n) => big(n).div(100));
  const percent = fc.constantFrom(25, 50, 75, 100);
  const side = fc.constantFrom("BUY", "SELL") as fc.Arbitrary<"BUY" | "SELL">;
  const unit = fc.constantFrom("base", "quote") as fc.Arbitrary<"base" | "quote">;
  fc.assert(
    fc.property(free, free, percent, side, unit, (freeBase, freeQuote, part, chosen, of) => {
      const there = { ...around, freeBase, freeQuote };
      const draft = { ...market, side: chosen, unit: of };
      const text = portionText(draft, part, there);
      assert.notEqual(text, null);
      const typed = parseTyped(text ?? "");
      if (typed.kind !== "number" || typed.value.eq(0)) return;
      const { wrong } = checkOrder({ ...draft, amount: text ?? "" }, there);
      const others = Object.values(wrong).filter((why) => !why?.startsWith("Worth at least"));
      assert.deepEqual(others, []);
    }),
  );
});

test("a part of the money needs a price to become a quantity", () => {
  assert.equal(portionText(market, 50, { ...around, quote: null }), null);
  assert.equal(portionText({ ...market, type: "LIMIT" }, 50, around), null);
  assert.equal(portionText({ ...market, type: "LIMIT", price: "40000" }, 100, around), "0.25");
  assert.equal(portionText({ ...market, side: "SELL" }, 50, { ...around, quote: null }), "0.25");
  assert.equal(digits(big(portionText({ ...market, unit: "quote" }, 25, around) as never)), "2500");
});
