import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal, digits, isMultipleOf } from "../../../src/money/decimal";
import { estimateOf } from "../../../src/pages/trade/estimate";
import { amountFor, SHARES } from "../../../src/pages/trade/sizing";
import { errorsOf } from "../../../src/pages/trade/validation";
import { account, BTCUSDT, draft, known, position } from "./known";

const share = fc.constantFrom(...SHARES);
const side = fc.constantFrom("BUY" as const, "SELL" as const);
const amountIn = fc.constantFrom("base" as const, "quote" as const);
const free = fc.integer({ min: 0, max: 999_999_999 }).map((n) => `${n}e-5`);
const price = fc.integer({ min: 1, max: 20_000_000 }).map((n) => decimal(`${n}e-2`));

test("no share of what is free ever asks for more than is free, and all are whole steps", () => {
  fc.assert(
    fc.property(share, side, amountIn, free, free, price, (part, way, unit, cash, coins, at) => {
      const mine = account({ USDT: [cash, "0"], BTC: [coins, "0"] });
      const state = known({ account: mine, quote: { price: at, bid: at, ask: at }, limits: null });
      const order = draft({ side: way, amountIn: unit });
      const amount = amountFor(part, order, state);
      assert.ok(amount);
      const step = unit === "base" ? BTCUSDT.step_size : BTCUSDT.tick_size;
      assert.ok(isMultipleOf(amount, step));
      const { notional, quantity } = estimateOf({ ...order, amount: digits(amount) }, state) ?? {};
      if (way === "BUY") assert.ok(!notional?.gt(big(decimal(cash))));
      else assert.ok(!quantity?.gt(big(decimal(coins))));
      assert.doesNotMatch(
        errorsOf({ ...order, amount: digits(amount) }, state).amount ?? "",
        /free/,
      );
    }),
  );
});

test("all of a holding can be sold, a purchase leaves room for its fee", () => {
  assert.equal(amountFor(100, draft({ side: "SELL" }), known())?.toFixed(), "0.5");
  assert.equal(amountFor(100, draft(), known())?.toFixed(), "0.1998");
  assert.equal(amountFor(50, draft({ amountIn: "quote" }), known())?.toFixed(), "4995");
});

test("with a price of its own that price decides", () => {
  const limit = draft({ type: "LIMIT", price: "40000" });
  assert.equal(amountFor(100, limit, known({ quote: null }))?.toFixed(), "0.24975");
  assert.equal(amountFor(100, draft({ type: "LIMIT" }), known()), null);
});

test("while trading only reduces, no more is offered than reduces", () => {
  const state = known({
    account: account({ BTC: ["0.4", "0.1"] }, "REDUCING"),
    positions: [position("BTCUSDT", "0.3")],
  });
  assert.equal(amountFor(100, draft({ side: "SELL" }), state)?.toFixed(), "0.2");
});
