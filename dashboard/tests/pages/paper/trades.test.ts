import assert from "node:assert/strict";
import { test } from "node:test";
import { mergedTrades, type PaperTrade, typeText, withTold } from "../../../src/pages/paper/trades";

const trade = (number: number, updated_at: string, status = "NEW") =>
  ({ trade_id: `t${number}`, number: String(number), updated_at, status }) as unknown as PaperTrade;
const told = (...trades: PaperTrade[]) => new Map(trades.map((each) => [each.trade_id, each]));
const shown = (trades: readonly PaperTrade[]) =>
  trades.map((each) => `${each.trade_id} ${each.status}`);

test("what was told later stands in the place of what was read", () => {
  const merged = mergedTrades([trade(2, "b"), trade(1, "a")], told(trade(1, "c", "FILLED")), false);
  assert.deepEqual(shown(merged), ["t2 NEW", "t1 FILLED"]);
});

test("what was read later stays", () => {
  const merged = mergedTrades([trade(1, "c", "FILLED")], told(trade(1, "a")), false);
  assert.deepEqual(shown(merged), ["t1 FILLED"]);
});

test("a new trade comes first", () => {
  assert.deepEqual(shown(mergedTrades([trade(1, "a")], told(trade(2, "b")), true)), [
    "t2 NEW",
    "t1 NEW",
  ]);
  assert.deepEqual(shown(mergedTrades([], told(trade(1, "a")), false)), ["t1 NEW"]);
});

test("an old trade that was told waits for its page", () => {
  const read = [trade(9, "a"), trade(8, "a")];
  assert.deepEqual(shown(mergedTrades(read, told(trade(3, "z")), true)), ["t9 NEW", "t8 NEW"]);
  assert.deepEqual(shown(mergedTrades(read, told(trade(3, "z")), false)), [
    "t9 NEW",
    "t8 NEW",
    "t3 NEW",
  ]);
});

test("an event that was overtaken changes nothing", () => {
  const known = told(trade(1, "c", "FILLED"));
  assert.equal(withTold(known, trade(1, "b")), known);
  assert.equal(withTold(known, trade(1, "d", "CANCELED")).get("t1")?.status, "CANCELED");
});

test("a type that is not known is shown as it is", () => {
  assert.equal(typeText("STOP_LOSS_LIMIT"), "Stop-loss limit");
  assert.equal(typeText("ICEBERG"), "ICEBERG");
});
