import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../../src/api/problem";
import { refusalOf, restOf } from "../../../src/pages/notifications/refusals";

const refused = new Problem({
  title: "Unprocessable Entity",
  status: 422,
  code: "INVALID_REQUEST",
  detail: "The request is not valid; see errors.",
  errors: [
    { field: "targets.1.url", message: "its address is not a public one" },
    { field: "quiet_hours", message: "Value error, quiet hours end when they begin" },
    {
      field: "quiet_hours.from",
      message: "String should match pattern '^([01]\\d|2[0-3]):[0-5]\\d$'",
    },
  ],
});

test("what is wrong is said at its field", () => {
  assert.equal(refusalOf(refused, "targets.1.url"), "Its address is not a public one");
  assert.equal(refusalOf(refused, "targets.0.url"), undefined);
  assert.equal(refusalOf(null, "targets.1.url"), undefined);
  assert.equal(
    refusalOf(refused, "quiet_hours.to", "quiet_hours"),
    "Quiet hours end when they begin",
  );
  assert.equal(refusalOf(refused, "quiet_hours.from"), "Not a time such as 22:00");
});

test("nothing that is wrong is kept quiet", () => {
  const shown = ["targets.1.url", "quiet_hours.from"];
  assert.equal(restOf(refused, shown), "Quiet hours end when they begin");
  assert.equal(restOf(refused, [...shown, "quiet_hours"]), null);
  const other = new Problem({
    title: "",
    status: 429,
    code: "RATE_LIMITED",
    detail: "At most 30.",
  });
  assert.equal(restOf(other, shown), "At most 30.");
});
