import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, type Decimal, decimal } from "../../../src/money/decimal";
import {
  type HeldPosition,
  knownLossPercent,
  largestWorth,
  openSymbols,
  type RestingOrder,
  symbolsToPrice,
  untilNextDay,
  useOf,
} from "../../../src/pages/risk/use";

const held = (symbol: string, quantity: string, quote_asset = "USDT"): HeldPosition => ({
  symbol,
  quote_asset,
  quantity: decimal(quantity),
});
const order = (symbol: string, told: Partial<RestingOrder> = {}): RestingOrder => ({
  symbol,
  side: "BUY",
  quantity: decimal("1"),
  quote_quantity: null,
  price: decimal("100"),
  ...told,
});
const bids =
  (known: Record<string, string>) =>
  (symbol: string): Decimal | null =>
    symbol in known ? decimal(known[symbol] ?? "") : null;

test("a limit is reached at its value, and a limit of nothing always", () => {
  assert.equal(useOf(decimal("20"), decimal("20")).level, "reached");
  assert.equal(useOf(decimal("0"), decimal("0")).level, "reached");
  assert.equal(useOf(decimal("21"), decimal("20")).percent, 100);
});

test("what is not known has no bar and no level", () => {
  assert.deepEqual(useOf(null, decimal("20")), { level: "unknown", percent: null });
});

test("a limit is near from four fifths on", () => {
  assert.equal(useOf(decimal("79.9"), decimal("100")).level, "free");
  assert.equal(useOf(decimal("80"), decimal("100")).level, "near");
});

test("only what is reached is full", () => {
  const amount = fc.integer({ min: 0, max: 2_000_000 }).map((n) => decimal(`${n}e-3`));
  fc.assert(
    fc.property(amount, amount, (used, limit) => {
      const use = useOf(used, limit);
      assert.equal(use.percent === 100, big(used).gte(big(limit)));
      assert.equal(use.level === "reached", big(used).gte(big(limit)));
    }),
  );
});

test("a resting purchase counts as an open position, once a symbol; a sale does not", () => {
  const orders = [order("BTCUSDT"), order("ETHUSDT"), order("ETHUSDT")];
  const sale = order("SOLUSDT", { side: "SELL" });
  const found = openSymbols([held("BTCUSDT", "1")], [...orders, sale]);
  assert.deepEqual([...found].sort(), ["BTCUSDT", "ETHUSDT"]);
});

test("a position counts at its bid, together with its resting purchases", () => {
  const positions = [held("BTCUSDT", "0.5"), held("ETHUSDT", "2")];
  const orders = [
    order("BTCUSDT", { quantity: decimal("0.1"), price: decimal("90") }),
    order("BTCUSDT", { quantity: null, quote_quantity: decimal("11"), price: null }),
    order("BTCUSDT", { side: "SELL" }),
  ];
  const largest = largestWorth(positions, orders, bids({ BTCUSDT: "100", ETHUSDT: "30" }));
  assert.ok(largest !== null && largest !== "none");
  assert.equal(largest.symbol, "BTCUSDT");
  assert.equal(largest.worth.toFixed(), "70");
});

test("another quote asset is reckoned in the account's", () => {
  const positions = [held("ETHBTC", "2", "BTC")];
  assert.deepEqual(symbolsToPrice(positions), ["ETHBTC", "BTCUSDT"]);
  const largest = largestWorth(positions, [], bids({ ETHBTC: "0.05", BTCUSDT: "60000" }));
  assert.ok(largest !== null && largest !== "none");
  assert.equal(largest.worth.toFixed(), "6000");
});

test("one symbol that cannot be reckoned may be the largest: nothing is said", () => {
  const positions = [held("BTCUSDT", "1"), held("ETHUSDT", "1")];
  assert.equal(largestWorth(positions, [], bids({ BTCUSDT: "100" })), null);
  assert.equal(largestWorth([held("ETHBTC", "1", "BTC")], [], bids({ ETHBTC: "1" })), null);
  assert.equal(largestWorth([], [order("ETHBTC")], bids({})), null);
  assert.equal(largestWorth([], [order("ETHUSDT", { price: null })], bids({})), null);
});

test("nothing open is known to be nothing", () => {
  assert.equal(largestWorth([], [], bids({})), "none");
});

test("without the opening equity only a day without a loss has a known share", () => {
  assert.equal(knownLossPercent(decimal("0"))?.toFixed(), "0");
  assert.equal(knownLossPercent(decimal("12.5"))?.toFixed(), "0");
  assert.equal(knownLossPercent(decimal("-0.01")), null);
});

test("the next day begins at midnight UTC", () => {
  assert.equal(untilNextDay(new Date("2026-02-28T23:59:59.500Z")), 500);
  assert.equal(untilNextDay(new Date("2026-12-31T00:00:00.000Z")), 86_400_000);
});
