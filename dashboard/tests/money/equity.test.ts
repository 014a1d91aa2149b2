import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal } from "../../src/money/decimal";
import { equityOf, pricedSymbols } from "../../src/money/equity";

const cents = fc.integer({ min: 0, max: 10_000_000 }).map((n) => decimal(`${n}e-2`));

test("everything held counts once, at its price", () => {
  fc.assert(
    fc.property(cents, cents, cents, (cash, coins, price) => {
      const balances = [
        { asset: "USDT", total: cash },
        { asset: "BTC", total: coins },
      ];
      const expected = big(cash).plus(big(coins).times(big(price)));
      assert.ok(equityOf(balances, () => price)?.eq(expected));
    }),
  );
});

test("without one of the prices that it needs there is no sum", () => {
  fc.assert(
    fc.property(cents, cents, (cash, coins) => {
      const balances = [
        { asset: "USDT", total: cash },
        { asset: "BTC", total: coins },
      ];
      assert.equal(equityOf(balances, () => null) === null, pricedSymbols(balances).length > 0);
    }),
  );
});

test("an account may be reckoned in another asset", () => {
  const balances = [
    { asset: "BTC", total: decimal("2") },
    { asset: "ETH", total: decimal("10") },
  ];
  assert.deepEqual(pricedSymbols(balances, "BTC"), ["ETHBTC"]);
  assert.ok(equityOf(balances, () => decimal("0.05"), "BTC")?.eq("2.5"));
});
