import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { big, decimal } from "../../../src/money/decimal";
import { type Cell, csvOf, number, text } from "../../../src/pages/history/csv";

/** Reads RFC 4180 by its own rules, and refuses what they do not allow. */
function parsed(csv: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < csv.length) {
    const match = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
    match.lastIndex = at;
    const [all = "", quoted, bare] = match.exec(csv) ?? [];
    cells.push(quoted === undefined ? (bare ?? "") : quoted.replaceAll('""', '"'));
    at += all.length;
    if (csv.startsWith("\r\n", at)) {
      lines.push(cells);
      cells = [];
      at += 2;
    } else {
      assert.equal(csv[at], ",", `a comma or an end at ${at}`);
      at += 1;
    }
  }
  assert.deepEqual(cells, [], "the last line ends, too");
  return lines;
}

const column = [{ title: "value", cell: (cell: Cell) => cell }];
const alone = (cell: Cell) => parsed(csvOf(column, [cell]))[1]?.[0];

const nasty = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom('"', ",", "\r", "\n", "=", "+", "-", "@", "\t", "'", "a", "1"),
  }),
);
const digitsOfNumber = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 20 }))
  .map(([whole, places]) => decimal(`${whole}e-${places}`));

test("a table that is written and read is the same, but for formulas", () => {
  const harmless = nasty.filter((value) => !/^[=+\-@\t\r]/.test(value));
  fc.assert(
    fc.property(fc.array(fc.tuple(harmless, harmless)), (rows) => {
      const columns = [
        { title: "one", cell: ([one]: [string, string]) => text(one) },
        { title: 'other, "quoted"', cell: ([, other]: [string, string]) => text(other) },
      ];
      assert.deepEqual(parsed(csvOf(columns, rows)), [["one", 'other, "quoted"'], ...rows]);
    }),
  );
});

test("no text begins as a formula, and no more than an apostrophe is added", () => {
  fc.assert(
    fc.property(nasty, (value) => {
      const read = alone(text(value)) ?? "";
      assert.doesNotMatch(read, /^[=+\-@\t\r]/);
      assert.equal(read, /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
    }),
  );
});

test("a number keeps its sign and every digit, without an exponent", () => {
  fc.assert(
    fc.property(digitsOfNumber, (value) => {
      const read = alone(number(value)) ?? "";
      assert.match(read, /^-?\d+(\.\d+)?$/);
      assert.ok(big(decimal(read)).eq(big(value)));
    }),
  );
  assert.equal(alone(number(decimal("-9.4E-7"))), "-0.00000094");
});

test("what has no value is an empty cell, not a zero", () => {
  assert.equal(csvOf(column, [text(null), number(undefined)]), "value\r\n\r\n\r\n");
});
