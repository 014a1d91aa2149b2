import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { writeJson } from "../../../src/api/json";
import { big, decimal } from "../../../src/money/decimal";
import {
  differences,
  draftOf,
  LIMITS,
  type LimitName,
  type Limits,
  readLimit,
  requestOf,
  textsOf,
} from "../../../src/pages/risk/limits";

const limits: Limits = {
  max_open_positions: decimal("20"),
  max_position_notional_quote: decimal("50000"),
  max_order_notional_quote: decimal("10000.50"),
  max_daily_loss_pct: decimal("5"),
  max_orders_per_minute: decimal("6000"),
  price_collar_bps: decimal("500"),
};
const typed = (texts: Partial<Record<LimitName, string>>) =>
  draftOf(limits, { ...textsOf(limits), ...texts });
const readAs = (name: LimitName, text: string) => {
  const spec = LIMITS.find((each) => each.name === name);
  assert.ok(spec);
  return readLimit(spec, text);
};

test("a form that nobody touched changes nothing", () => {
  assert.deepEqual(draftOf(limits, textsOf(limits)), { changes: [], errors: {} });
});

test("the same number written otherwise is no change", () => {
  const draft = typed({ max_order_notional_quote: "10000.5", max_daily_loss_pct: "5.00" });
  assert.deepEqual(draft.changes, []);
});

test("only what changes is sent, with all of its digits", () => {
  const { changes } = typed({ max_open_positions: "3", max_daily_loss_pct: "2.25" });
  assert.equal(writeJson(requestOf(changes)), '{"max_open_positions":3,"max_daily_loss_pct":2.25}');
});

test("a whole limit is sent as a whole number, however it was typed", () => {
  const { changes } = typed({ price_collar_bps: "120.0" });
  assert.equal(writeJson(requestOf(changes)), '{"price_collar_bps":120}');
});

test("a change knows whether it allows more", () => {
  const { changes } = typed({ max_open_positions: "21", max_orders_per_minute: "10" });
  assert.deepEqual(
    changes.map(({ spec, isLooser }) => [spec.name, isLooser]),
    [
      ["max_open_positions", true],
      ["max_orders_per_minute", false],
    ],
  );
});

test("what was saved is what the answer says, not what was typed", () => {
  const after = { ...limits, max_open_positions: decimal("7") };
  assert.deepEqual(
    differences(limits, after).map(({ from, to }) => `${from} ${to}`),
    ["20 7"],
  );
});

test("what the API would refuse is refused as it is typed", () => {
  const refused: [LimitName, string][] = [
    ["max_open_positions", ""],
    ["max_open_positions", "1.5"],
    ["max_open_positions", "1001"],
    ["max_daily_loss_pct", "0"],
    ["max_daily_loss_pct", "0.009"],
    ["max_daily_loss_pct", "100.01"],
    ["max_orders_per_minute", "60001"],
    ["price_collar_bps", "10001"],
    ["max_order_notional_quote", "0.000000001"],
    ["max_order_notional_quote", "100000000000"],
    ["max_order_notional_quote", "-1"],
    ["max_order_notional_quote", "1,5"],
  ];
  for (const [name, text] of refused) assert.ok(readAs(name, text).error, `${name}: ${text}`);
});

test("both ends of a range are allowed", () => {
  for (const spec of LIMITS) {
    for (const end of [spec.least, spec.most]) {
      assert.ok(readLimit(spec, end).value?.eq(big(end)), `${spec.name}: ${end}`);
    }
  }
});

test("whatever is in range comes back from the form as it is", () => {
  const value = fc.integer({ min: 1, max: 10_000 }).map((n) => decimal(`${n}e-2`));
  fc.assert(
    fc.property(value, (pct) => {
      const known = { ...limits, max_daily_loss_pct: pct };
      assert.deepEqual(draftOf(known, textsOf(known)), { changes: [], errors: {} });
    }),
  );
});
