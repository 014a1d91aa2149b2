import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trade } from "../../../src/live/private";
import { decimal } from "../../../src/money/decimal";
import { outcomeOf } from "../../../src/pages/trade/outcome";

const told = (change: Record<string, unknown>) =>
  outcomeOf(
    {
      side: "BUY",
      status: "FILLED",
      quantity: decimal("2"),
      executed_quantity: decimal("2"),
      executed_price: decimal("1050.5"),
      failure: null,
      ...change,
    } as unknown as Trade,
    "BTC",
  );

test("a filled order tells how much and at which price", () => {
  assert.deepEqual(told({}), { tone: "good", icon: "check", text: "Bought 2 BTC at 1,050.5" });
});

test("an order that is not confirmed is neither a success nor a failure", () => {
  const unknown = told({ status: "UNKNOWN", executed_quantity: decimal("0") });
  assert.equal(unknown.tone, "warning");
  assert.match(unknown.text, /not confirmed/);
});

test("what filled before an order ended is not kept quiet about", () => {
  const part = { status: "CANCELED", side: "SELL", executed_quantity: decimal("0.5") };
  assert.match(told(part).text, /^Sold 0\.5 of 2 BTC at 1,050\.5; the rest was canceled$/);
  const none = { status: "EXPIRED", executed_quantity: decimal("0"), executed_price: null };
  assert.match(told(none).text, /expired; nothing was bought/);
});

test("a rejected order says why", () => {
  const rejected = told({ status: "REJECTED", failure: { code: "X", detail: "no funds" } });
  assert.deepEqual([rejected.tone, rejected.text], ["bad", "The order was rejected: no funds"]);
});
