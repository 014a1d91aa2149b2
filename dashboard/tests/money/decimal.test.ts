import assert from "node:assert/strict";
import { test } from "node:test";
import Big from "big.js";
import fc from "fast-check";
import {
  big,
  decimal,
  digits,
  floorToStep,
  format,
  formatByStep,
  formatPercent,
  formatShort,
  isMultipleOf,
  parseTyped,
  placesOf,
} from "../../src/money/decimal";

/** Exact numbers of up to 18 digits, up to 12 of them after the point. */
const exact = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 12 }))
  .map(([whole, places]) => new Big(whole.toString()).div(new Big(10).pow(places)));
const step = fc.constantFrom("1", "0.1", "0.01", "0.00001", "0.5", "25").map(decimal);

test("typed text of any exact number is that number", () => {
  fc.assert(
    fc.property(exact, (value) => {
      const typed = parseTyped(value.abs().toFixed());
      assert.equal(typed.kind, "number");
      assert.ok(typed.kind === "number" && typed.value.eq(value.abs()));
    }),
  );
});

test("what is shown can be typed again and is the same", () => {
  fc.assert(
    fc.property(exact, (value) => {
      const typed = parseTyped(format(value.abs(), { places: 12 }));
      assert.ok(typed.kind === "number" && typed.value.eq(value.abs()));
    }),
  );
});

test("a value is rounded down to a whole number of steps, never by a step or more", () => {
  fc.assert(
    fc.property(exact, step, (value, size) => {
      const floored = floorToStep(value.abs(), size);
      assert.ok(isMultipleOf(floored, size));
      assert.ok(floored.lte(value.abs()));
      assert.ok(value.abs().minus(floored).lt(size));
    }),
  );
});

test("a shown price is within half a tick of the price", () => {
  fc.assert(
    fc.property(exact, fc.constantFrom("0.01", "0.0001", "1").map(decimal), (value, tick) => {
      const shown = formatByStep(value.abs(), tick).replaceAll(",", "");
      assert.ok(new Big(shown).minus(value.abs()).abs().times(2).lte(big(tick)));
    }),
  );
});

test("digits never have an exponent", () => {
  assert.equal(digits(new Big("1e-9")), "0.000000001");
  assert.equal(digits(new Big("1e25")), "10000000000000000000000000");
});

test("numbers are grouped, signed and rounded as people expect", () => {
  assert.equal(format(decimal("1234567.5")), "1,234,567.5");
  assert.equal(format(decimal("-0.005"), { places: 2 }), "−0.01");
  assert.equal(format(decimal("-0.001"), { places: 2, signed: true }), "0.00");
  assert.equal(format(decimal("0.10"), { upTo: 8 }), "0.1");
  assert.equal(formatPercent(decimal("1.2")), "+1.20%");
  assert.equal(formatShort(decimal("1254321")), "1.25M");
  assert.equal(formatByStep(decimal("54289.5"), decimal("0.01")), "54,289.50");
});

test("the zeros at the end of a step mean nothing", () => {
  assert.equal(placesOf(decimal("0.01000000")), 2);
  assert.equal(placesOf(decimal("1.00")), 0);
  assert.equal(placesOf(decimal("10")), 0);
});

test("what may mean two numbers is no number", () => {
  for (const text of [
    "1,5",
    "1,234",
    "1,234.5,678",
    "1,2345",
    "0,001",
    "1,23,456",
    "1e5",
    "-1",
    "abc",
    ".",
    "1.2.3",
  ]) {
    assert.equal(parseTyped(text).kind, "invalid", text);
  }
  assert.equal(parseTyped("  ").kind, "empty");
});

test("what can only mean one number is forgiven its looks", () => {
  for (const [text, meant] of [
    ["1,234.5", "1234.5"],
    ["1,234,567", "1234567"],
    [" 12 000 ", "12000"],
    [".5", "0.5"],
    ["5.", "5"],
  ] as const) {
    const typed = parseTyped(text);
    assert.ok(typed.kind === "number" && typed.value.eq(meant), text);
  }
});

test("text that is no number is refused where a number is certain", () => {
  for (const text of ["", "NaN", "Infinity", "1,5", "0x10", "1 "]) {
    assert.throws(() => decimal(text), RangeError, text);
  }
});
