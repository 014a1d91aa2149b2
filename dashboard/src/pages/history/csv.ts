/** Tables as text: CSV as RFC 4180 has it, safe to open in a spreadsheet. */
import { digits, type Exact } from "../../money/decimal";

/** A cell: text, or a number with all of its digits; nothing where there is no value. */
export type Cell = { text: string } | { number: Exact } | null;

/** One column: its heading, and what stands in it. */
export interface CsvColumn<Row> {
  title: string;
  cell: (row: Row) => Cell;
}

/** A cell of text, empty where there is none. */
export function text(value: string | null | undefined): Cell {
  return value === null || value === undefined ? null : { text: value };
}

/** A cell of a number, empty where there is none. */
export function number(value: Exact | null | undefined): Cell {
  return value === null || value === undefined ? null : { number: value };
}

/** Writes a table, headings first; every line ends with CRLF. */
export function csvOf<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const headings = columns.map(({ title }) => written({ text: title }));
  const lines = rows.map((row) => columns.map(({ cell }) => written(cell(row))));
  return [headings, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

// A spreadsheet takes text that begins so for a formula, which may send data elsewhere. A
// number may begin with its sign: it is written here, and is nothing but digits.
const FORMULA_START = /^[=+\-@\t\r]/;

function written(cell: Cell): string {
  if (cell === null) return "";
  if ("number" in cell) return digits(cell.number);
  const harmless = FORMULA_START.test(cell.text) ? `'${cell.text}` : cell.text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
