/** What archives are called, and how large they are, in words. */
import type { Schema } from "../../api/client";
import { big, type Exact, format } from "../../money/decimal";
import type { BadgeTone } from "../../ui/numbers";

export type DataType = Schema<"DataType">;
export type ManifestState = Schema<"ManifestState">;

/** Every kind of records, as the page calls it. */
export const DATA_TYPES: readonly (readonly [DataType, string])[] = [
  ["trades", "Trades"],
  ["candles", "Candles"],
  ["ai_analysis", "AI analyses"],
  ["user_activity", "Activity"],
  ["system_logs", "System logs"],
];

/** What a kind of records is called. */
export function dataTypeName(type: DataType): string {
  return DATA_TYPES.find(([known]) => known === type)?.[1] ?? type;
}

/** How far a file has come, in the order in which it goes there. */
export const MANIFEST_STATES: readonly (readonly [ManifestState, string])[] = [
  ["writing", "Writing"],
  ["uploaded", "Uploaded"],
  ["verified", "Verified"],
  ["removed", "Cold only"],
  ["expired", "Expired"],
];

/** What a state of a file is called. */
export function stateName(state: ManifestState): string {
  return MANIFEST_STATES.find(([known]) => known === state)?.[1] ?? state;
}

/** A file is safe once it was read back as it was written. */
export function stateTone(state: ManifestState): BadgeTone {
  if (state === "verified" || state === "removed") return "up";
  return state === "expired" ? "neutral" : "accent";
}

const UNITS = ["kB", "MB", "GB", "TB"] as const;
const THOUSAND = 1_000;

/** A size in words, such as `1.25 MB`: three digits are enough for people. */
export function sizeInWords(bytes: Exact): string {
  let size = big(bytes);
  if (size.eq(1)) return "1 byte";
  if (size.lt(THOUSAND)) return `${format(size)} bytes`;
  let unit: string = UNITS[0];
  for (const larger of UNITS) {
    unit = larger;
    size = size.div(THOUSAND);
    // 999.6 kB would be rounded to 1,000 kB.
    if (rounded(size).lt(THOUSAND)) break;
  }
  return `${format(rounded(size))} ${unit}`;
}

function rounded(size: ReturnType<typeof big>) {
  const places = size.lt(10) ? 2 : size.lt(100) ? 1 : 0;
  return size.round(places);
}

/** The beginning of a digest: enough to tell two files apart by eye. */
export function shortDigest(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}
