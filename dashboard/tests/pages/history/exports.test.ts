import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal } from "../../../src/money/decimal";
import { fileOf } from "../../../src/pages/history/exports";
import { fill, trade } from "./trades";

const NOON = new Date(2026, 10, 29, 12);
const filled = trade({
  status: "FILLED",
  executed_quantity: decimal("0.3"),
  venue_order_id: decimal("9007199254740993"),
  fills: [fill("3.1", "0.1", "0.0000001", "BTC"), fill("3.2", "0.2", "0.0000002", "BTC")],
});

test("a file is named after what is in it and when it was made", () => {
  const name = fileOf("trades", [], { symbol: "BTCUSDT", status: "FILLED" }, NOON).name;
  assert.equal(name, "bot-core-trades-BTCUSDT-filled-2026-11-29.csv");
  assert.equal(fileOf("fills", [], {}, NOON).name, "bot-core-fills-2026-11-29.csv");
});

test("every trade is a line, also one that came to nothing", () => {
  const failure = { code: "FILTER_FAILURE", detail: "=too small, sorry" };
  const { content, rows } = fileOf("trades", [filled, trade({ failure })], {}, NOON);
  assert.equal(rows, 2);
  const lines = content.split("\r\n");
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? "", /,9007199254740993$/);
  assert.match(lines[2] ?? "", /,"'=too small, sorry",/);
});

test("every fill is a line with its own exact notional", () => {
  const { content, rows } = fileOf("fills", [filled, trade()], {}, NOON);
  assert.equal(rows, 2);
  assert.match(content, /BTCUSDT,BUY,3\.2,0\.2,0\.64,0\.0000002,BTC,1,t1\r\n$/);
});
