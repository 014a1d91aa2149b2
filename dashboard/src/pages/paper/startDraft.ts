/** What a new session is asked for with, read from what was typed. */
import type Big from "big.js";
import { format, parseTyped } from "../../money/decimal";

/** The fields as they are typed. */
export interface StartDraft {
  name: string;
  initial_balance: string;
  taker_fee_bps: string;
  maker_fee_bps: string;
  slippage_bps: string;
  latency_ms: string;
  seed: string;
}

export type StartField = keyof StartDraft;

/** The body of the request; what is left out has the API's own value. */
export interface StartBody {
  name: string;
  initial_balance?: Big;
  taker_fee_bps?: Big;
  maker_fee_bps?: Big;
  slippage_bps?: Big;
  latency_ms?: Big;
  seed?: Big;
}

type NumberName = Exclude<StartField, "name">;

// The ranges of domain/paper/state.py, so that one need not ask to be refused.
const RANGES: Record<NumberName, { least: string; most: string; isWhole?: boolean }> = {
  initial_balance: { least: "0.00000001", most: "1000000000" },
  taker_fee_bps: { least: "0", most: "1000" },
  maker_fee_bps: { least: "0", most: "1000" },
  slippage_bps: { least: "0", most: "1000" },
  latency_ms: { least: "0", most: "5000", isWhole: true },
  seed: { least: "0", most: "9007199254740991", isWhole: true },
};
const MOST_PLACES = 8;

/** The fields that stand behind "Details". */
export const DETAIL_FIELDS: readonly StartField[] = [
  "taker_fee_bps",
  "maker_fee_bps",
  "slippage_bps",
  "latency_ms",
  "seed",
];

/** What was typed, as a request and what is wrong with it, field by field. */
export function checkStart(draft: StartDraft): {
  body: StartBody;
  wrong: Partial<Record<StartField, string>>;
} {
  const body: StartBody = { name: draft.name.trim() };
  const wrong: Partial<Record<StartField, string>> = {};
  for (const name of Object.keys(RANGES) as NumberName[]) {
    const typed = parseTyped(draft[name]);
    if (typed.kind === "empty") {
      if (name === "initial_balance") wrong[name] = "A balance to begin with is needed";
      continue;
    }
    const reason = typed.kind === "invalid" ? typed.reason : outOfRange(name, typed.value);
    if (reason !== null) wrong[name] = reason;
    else if (typed.kind === "number") body[name] = typed.value;
  }
  return { body, wrong };
}

function outOfRange(name: NumberName, value: Big): string | null {
  const { least, most, isWhole = false } = RANGES[name];
  const shown = (bound: string) => format(value.times(0).plus(bound));
  if (isWhole && !value.mod(1).eq(0)) return "A whole number is needed";
  if (value.lt(least)) return `At least ${shown(least)}`;
  if (value.gt(most)) return `At most ${shown(most)}`;
  if (!value.eq(value.round(MOST_PLACES))) return `At most ${MOST_PLACES} digits after the point`;
  return null;
}
