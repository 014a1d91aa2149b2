/** JSON whose numbers keep their digits: `JSON.parse` would round them to binary fractions. */
import Big from "big.js";

// A string is matched first, as a whole, so that no digits inside of one are touched.
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Reads JSON; every number arrives as `Decimal`, the text of its digits.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function readJson(text: string): unknown {
  return JSON.parse(
    text.replace(STRING_OR_NUMBER, (part) => (part[0] === '"' ? part : `"${part}"`)),
  );
}

/** What can be sent: as JSON, with `Big` for exact numbers. */
export type Sendable =
  | null
  | boolean
  | number
  | string
  | Big
  | readonly Sendable[]
  | { readonly [member: string]: Sendable | undefined };

/** Writes JSON; a `Big` becomes a number with all of its digits. */
export function writeJson(value: Sendable): string {
  if (value instanceof Big) return value.toFixed();
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${writeJson(member)}`);
  }
  return `{${members.join(",")}}`;
}
