import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal } from "../../../src/money/decimal";
import { suggestionOf } from "../../../src/pages/trade/suggestion";

const TICK = decimal("0.01");
const read = (query: string) => suggestionOf(new URLSearchParams(query), TICK);

test("an analysis fills in side, type, price and its own id", () => {
  assert.deepEqual(read("side=BUY&type=LIMIT&price=50000.5&signal=a1"), {
    side: "BUY",
    type: "LIMIT",
    price: "50000.5",
    signalId: "a1",
  });
});

test("a price between two ticks becomes the better one for whoever trades", () => {
  assert.equal(read("side=BUY&price=1.239").price, "1.23");
  assert.equal(read("side=SELL&price=1.231").price, "1.24");
  assert.equal(read("side=SELL&price=1.23").price, "1.23");
});

test("a price alone means an order at that price", () => {
  assert.equal(read("price=5").type, "LIMIT");
  assert.deepEqual(read("type=MARKET&price=5&stop_price=4"), { type: "MARKET" });
  assert.equal(read("type=STOP_LOSS_LIMIT&price=5&stop_price=4").stopPrice, "4");
});

test("what makes no sense is left out", () => {
  assert.deepEqual(read("side=buy&type=MAGIC&price=-1&quantity=abc&signal="), {});
  assert.deepEqual(read(`signal=${"x".repeat(65)}`), {});
  assert.deepEqual(read("type=LIMIT&price=0.001"), { type: "LIMIT" });
});

test("a suggested quantity is of the base asset", () => {
  assert.deepEqual(read("quantity=0.5"), { amount: "0.5", amountIn: "base" });
});
