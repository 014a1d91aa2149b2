import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Activity, subjectOf } from "../../../src/pages/activity/describe";
import { deviceOf } from "../../../src/pages/activity/device";
import { addressOf, filtersOf } from "../../../src/pages/activity/filters";
import { KIND_NAMES, lookOf } from "../../../src/pages/activity/kinds";
import { parseRoute } from "../../../src/shell/router";

const about = (kind: string, details: Record<string, unknown>) =>
  subjectOf({ kind, details } as Activity);

test("an address brings the filters back that it was made of", () => {
  const filters = fc.record(
    {
      kind: fc.option(fc.constantFrom(...KIND_NAMES), { nil: undefined }),
      since: fc.constantFrom(undefined, "2026-11-29"),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(filters, (chosen) => {
      assert.deepEqual(filtersOf(parseRoute(addressOf(chosen)).query), chosen);
    }),
  );
  assert.equal(filtersOf(new URLSearchParams("kind=constructor")).kind, undefined);
});

test("what may be an attack stands out, and a kind of tomorrow has words", () => {
  assert.equal(lookOf("sign_in_failed").security, "alarm");
  assert.equal(lookOf("token_reused").security, "alarm");
  assert.equal(lookOf("order_asked").security, undefined);
  assert.equal(lookOf("something_new").words, "something new");
});

test("an order is told with a way to it", () => {
  const details = { trade_id: "t1", symbol: "BTCUSDT", side: "BUY", type: "STOP_LOSS_LIMIT" };
  assert.deepEqual(about("order_asked", details), {
    text: "BUY BTCUSDT stop loss limit",
    href: "#/trades/t1",
  });
});

test("changes are told by what was changed", () => {
  assert.deepEqual(
    about("risk_limits_changed", { max_open_positions: "5", price_collar_bps: "1500" }),
    {
      text: "max open positions 5, price collar bps 1,500",
    },
  );
  assert.deepEqual(
    about("notification_settings_changed", { changed: ["quiet_hours", "targets"] }),
    {
      text: "quiet hours, targets",
    },
  );
  assert.deepEqual(about("trading_state_changed", { state: "REDUCING", reason: "holiday" }), {
    text: "Only orders that reduce are taken: holiday",
  });
});

test("details that are missing or odd are no reason to fail", () => {
  for (const kind of [...KIND_NAMES, "something_new"]) {
    assert.doesNotThrow(() => about(kind, {}), kind);
    assert.doesNotThrow(() => about(kind, { trade_id: 1, changed: "x", state: null }), kind);
  }
  assert.equal(about("trading_halted", { reason: null }), null);
});

test("browsers are told apart, although each claims to be the others", () => {
  const names: Record<string, string> = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":
      "Chrome on Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0":
      "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1":
      "Safari on iPhone",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0": "Firefox on Linux",
    "curl/7.88.1": "curl/7.88.1",
  };
  for (const [userAgent, device] of Object.entries(names)) {
    assert.equal(deviceOf(userAgent), device);
  }
  assert.equal(deviceOf(" "), null);
});

test("whatever a program calls itself, it is short", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (name) => (deviceOf(name)?.length ?? 0) <= 40),
  );
});
