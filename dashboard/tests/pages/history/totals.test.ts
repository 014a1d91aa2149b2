import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal, digits } from "../../../src/money/decimal";
import { feesOf, totalsOf } from "../../../src/pages/history/totals";
import { fill, trade } from "./trades";

const quoteAssetOf = (symbol: string) => (symbol.endsWith("USDT") ? "USDT" : undefined);
const filled = (side: string, ...fills: ReturnType<typeof fill>[]) =>
  trade({
    side,
    status: "FILLED",
    fills,
    executed_quantity: digits(fills.reduce((sum, { quantity }) => sum.plus(big(quantity)), big(0))),
  });

test("fills add up exactly, each on its side and in its asset", () => {
  const fills = fc.array(
    fc.record({
      isBuy: fc.boolean(),
      price: fc.bigInt({ min: 1n, max: 10n ** 15n }),
      quantity: fc.bigInt({ min: 1n, max: 10n ** 15n }),
    }),
  );
  fc.assert(
    fc.property(fills, (made) => {
      const trades = made.map(({ isBuy, price, quantity }) =>
        filled(isBuy ? "BUY" : "SELL", fill(`${price}e-8`, `${quantity}e-8`, "1e-8", "BNB")),
      );
      // Whole numbers of 1e-16 are a way of their own to the same sum.
      const sum = (isBuy: boolean) =>
        made
          .filter((each) => each.isBuy === isBuy)
          .reduce((total, { price, quantity }) => total + price * quantity, 0n);
      const totals = totalsOf(trades, quoteAssetOf);
      for (const [amounts, side] of [
        [totals?.bought, true],
        [totals?.sold, false],
      ] as const) {
        const value = amounts?.[0]?.value ?? big(0);
        assert.equal(value.times(decimal("1e16")).toFixed(), String(sum(side)));
      }
    }),
  );
});

test("there is no sum where one would be a guess", () => {
  assert.equal(totalsOf([trade({ status: "UNKNOWN" })], quoteAssetOf), null);
  const missing = trade({ executed_quantity: decimal("1"), fills: [] });
  assert.equal(totalsOf([missing], quoteAssetOf), null);
  const foreign = { ...filled("BUY", fill("1", "1", "0", "X")), symbol: "AAABBB" };
  assert.equal(totalsOf([foreign], quoteAssetOf), null);
});

test("orders that came to nothing need no asset", () => {
  const totals = totalsOf([trade({ symbol: "GONE", status: "CANCELED" })], quoteAssetOf);
  assert.deepEqual(totals, { bought: [], sold: [], fees: [] });
});

test("a trade may have paid its fees in more than one asset", () => {
  const fees = feesOf(
    filled(
      "BUY",
      fill("1", "1", "0.1", "BTC"),
      fill("1", "1", "0.2", "BNB"),
      fill("1", "1", "0.3", "BNB"),
    ),
  );
  assert.deepEqual(
    fees.map(({ asset, value }) => [asset, value.toFixed()]),
    [
      ["BNB", "0.5"],
      ["BTC", "0.1"],
    ],
  );
});
