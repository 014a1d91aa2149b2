import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal } from "../../../src/money/decimal";
import { sizeInWords, stateTone } from "../../../src/pages/archives/words";

test("sizes are told in the unit in which people read them", () => {
  const told = (bytes: string) => sizeInWords(decimal(bytes));
  assert.equal(told("0"), "0 bytes");
  assert.equal(told("1"), "1 byte");
  assert.equal(told("999"), "999 bytes");
  assert.equal(told("1000"), "1 kB");
  assert.equal(told("1254000"), "1.25 MB");
  assert.equal(told("83120000000"), "83.1 GB");
  assert.equal(told("5000000000000000"), "5,000 TB");
});

test("a size that would be rounded to a thousand is one of the next unit", () => {
  assert.equal(sizeInWords(decimal("999600")), "1 MB");
  assert.equal(sizeInWords(decimal("999499")), "999 kB");
});

const BYTES = { byte: 1, bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

test("what is told is within half a percent of what it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000_000_000 }), (bytes) => {
      const [number = "", unit = ""] = sizeInWords(big(bytes)).split(" ");
      const told = Number(number.replaceAll(",", "")) * BYTES[unit as keyof typeof BYTES];
      assert.ok(Math.abs(told - bytes) <= bytes * 0.005 + 1e-9, `${bytes}: ${number} ${unit}`);
    }),
  );
});

test("a file is shown as safe only once it was proven to be", () => {
  assert.equal(stateTone("verified"), "up");
  assert.equal(stateTone("removed"), "up");
  assert.notEqual(stateTone("uploaded"), "up");
  assert.notEqual(stateTone("writing"), "up");
});
