import assert from "node:assert/strict";
import { test } from "node:test";
import { consequences, isTradingState, STATES } from "../../../src/pages/risk/states";

test("halting tells that positions cannot be closed, and which state lets one out", () => {
  const told = consequences("HALTED", { orders: 2, positions: 1 }).join(" ");
  assert.match(told, /2 open orders stay at the venue and can still be filled/);
  assert.match(told, /1 position stays open and cannot be closed here/);
  assert.match(told, /Reduce only/);
});

test("unknown counts are not told as none", () => {
  for (const state of STATES) {
    const told = consequences(state, { orders: null, positions: null }).join(" ");
    assert.match(told, /Open orders stay at the venue/);
    assert.doesNotMatch(told, /no open order|No position/);
  }
});

test("nothing open is said to be so", () => {
  assert.match(
    consequences("HALTED", { orders: 0, positions: 0 }).join(" "),
    /No position is open/,
  );
});

test("a state that this page does not know is none of its own", () => {
  assert.ok(isTradingState("HALTED"));
  assert.ok(!isTradingState("PAUSED"));
});
