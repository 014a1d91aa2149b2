import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, eventGroups, eventLook, iconOf } from "../../../src/pages/notifications/events";
import { parseRoute } from "../../../src/shell/router";

test("every path of the API leads to a page that there is", () => {
  for (const [path, page, parameter] of [
    ["/trades/4a0be796-b60b-500f", "trades", "4a0be796-b60b-500f"],
    ["/analyses/166fb3a6", "analyses", "166fb3a6"],
    ["/paper/s1", "paper", "s1"],
    ["/risk", "risk", undefined],
    ["/activity", "activity", undefined],
    ["/settings", "settings", undefined],
    ["/notifications/settings", "notifications", "settings"],
  ] as const) {
    const address = addressOf(path);
    assert.ok(address !== null, path);
    const route = parseRoute(address);
    assert.equal(route.page, page, path);
    assert.equal(route.parameter, parameter, path);
  }
});

test("any other path leads nowhere", () => {
  for (const path of [
    "",
    "/",
    "/nowhere",
    "/trades",
    "//evil.example",
    "https://x/trades/1",
    "javascript:x",
  ]) {
    assert.equal(addressOf(path), null, path);
  }
});

test("no event is left out of the groups, known or not", () => {
  const names = ["paper.trade.failed", "trade.executed", "security.sign_in", "brand.new_thing"];
  const grouped = eventGroups(names);
  assert.deepEqual(grouped.flatMap(([, members]) => members).sort(), [...names].sort());
  assert.deepEqual(
    grouped.map(([group]) => group),
    ["Orders", "Security", "Paper trading", "Other"],
  );
  assert.equal(eventLook("brand.new_thing").words, "brand new thing");
});

test("what went wrong has the sign of it", () => {
  assert.equal(iconOf("trade.failed"), "alert");
  assert.equal(iconOf("paper.risk.limit.exceeded"), "alert");
  assert.equal(iconOf("notification.targets_changed"), "shield");
});
