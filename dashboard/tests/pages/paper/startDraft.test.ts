import assert from "node:assert/strict";
import { test } from "node:test";
import { checkStart, type StartDraft } from "../../../src/pages/paper/startDraft";

const usual: StartDraft = {
  name: " Trend ",
  initial_balance: "10000",
  taker_fee_bps: "10",
  maker_fee_bps: "",
  slippage_bps: "0",
  latency_ms: "0",
  seed: "0",
};
const wrong = (more: Partial<StartDraft>) => checkStart({ ...usual, ...more }).wrong;

test("what is left out is left to the API", () => {
  const { body, wrong: errors } = checkStart(usual);
  assert.deepEqual(errors, {});
  assert.equal(body.name, "Trend");
  assert.equal(body.initial_balance?.toFixed(), "10000");
  assert.equal("maker_fee_bps" in body, false);
});

test("a session needs a balance to begin with", () => {
  assert.match(wrong({ initial_balance: "" }).initial_balance ?? "", /needed/);
  assert.equal(wrong({ initial_balance: "0" }).initial_balance, "At least 0.00000001");
  assert.equal(wrong({ initial_balance: "1000000000.1" }).initial_balance, "At most 1,000,000,000");
});

test("numbers out of their range are told with the range", () => {
  assert.equal(wrong({ taker_fee_bps: "1001" }).taker_fee_bps, "At most 1,000");
  assert.equal(wrong({ latency_ms: "5001" }).latency_ms, "At most 5,000");
  assert.equal(wrong({ slippage_bps: "x" }).slippage_bps, "Not a number");
});

test("milliseconds and seeds are whole numbers, fees have at most eight digits", () => {
  assert.equal(wrong({ latency_ms: "1.5" }).latency_ms, "A whole number is needed");
  assert.equal(wrong({ seed: "0.1" }).seed, "A whole number is needed");
  assert.equal(
    wrong({ maker_fee_bps: "0.000000001" }).maker_fee_bps,
    "At most 8 digits after the point",
  );
});

test("the largest seed keeps its digits", () => {
  assert.equal(
    checkStart({ ...usual, seed: "9007199254740991" }).body.seed?.toFixed(),
    "9007199254740991",
  );
  assert.equal(wrong({ seed: "9007199254740992" }).seed, "At most 9,007,199,254,740,991");
});
