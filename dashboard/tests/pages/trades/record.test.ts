import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trade } from "../../../src/live/private";
import { decimal } from "../../../src/money/decimal";
import { feesOf, filledShare, grossOf, timelineOf } from "../../../src/pages/trades/record";

const fill = (price: string, quantity: string, commission: string, commission_asset: string) =>
  ({
    price: decimal(price),
    quantity: decimal(quantity),
    commission: decimal(commission),
    commission_asset,
    time: "2026-01-01T00:00:01.000Z",
  }) as Trade["fills"][number];

const fills = [
  fill("10", "1", "0.1", "BNB"),
  fill("11", "2", "0.2", "BTC"),
  fill("11", "1", "0.3", "BNB"),
];

test("fees are added up asset by asset", () => {
  const told = feesOf({ fills }).map(({ asset, amount }) => `${amount} ${asset}`);
  assert.deepEqual(told, ["0.4 BNB", "0.2 BTC"]);
});

test("fills come to their prices times quantities; none come to nothing known", () => {
  assert.equal(grossOf({ fills })?.toFixed(), "43");
  assert.equal(grossOf({ fills: [] }), null);
});

test("a share needs a quantity", () => {
  assert.equal(filledShare(decimal("1"), decimal("4")), 0.25);
  assert.equal(filledShare(decimal("0"), null), null);
});

test("the timeline goes from the beginning through the fills to the last change", () => {
  const trade = {
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:02.000Z",
    status: "PARTIALLY_FILLED",
    fills,
  } as Trade;
  assert.deepEqual(
    timelineOf(trade).map(({ text }) => text),
    ["Created", "Fill 1 of 3", "Fill 2 of 3", "Fill 3 of 3", "Last changed: partially filled"],
  );
});
