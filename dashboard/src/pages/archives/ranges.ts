/** Days that are typed, and the moments that they stand for: the API's days are UTC. */

/** A range as the API takes it: `from` is in it, `to` is not. */
export interface Range {
  from: string;
  to: string;
}

/** Two typed days, both of them in the range. */
export interface TypedDays {
  first: string;
  last: string;
}

/** What was read: a range, or what is wrong with the days. */
export type Read<R> = { range: R; errors?: undefined } | { range?: undefined; errors: RangeErrors };
export type RangeErrors = Partial<Record<keyof TypedDays, string>>;

const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads two days, both of which are needed. */
export function readRange({ first, last }: TypedDays): Read<Range> {
  const errors: RangeErrors = {};
  const from = momentOf(first);
  const until = momentOf(last);
  if (from === null) errors.first = "A day is needed";
  if (until === null) errors.last = "A day is needed";
  if (from === null || until === null) return { errors };
  if (until < from) return { errors: { last: "Not before the first day" } };
  return { range: { from: iso(from), to: iso(until + DAY_MS) } };
}

/** Reads two days of which each may be left out, which restricts nothing. */
export function readOpenRange({ first, last }: TypedDays): Read<Partial<Range>> {
  if (first !== "" && last !== "") return readRange({ first, last });
  const errors: RangeErrors = {};
  const range: Partial<Range> = {};
  const from = momentOf(first);
  const until = momentOf(last);
  if (from !== null) range.from = iso(from);
  else if (first !== "") errors.first = "Not a day";
  if (until !== null) range.to = iso(until + DAY_MS);
  else if (last !== "") errors.last = "Not a day";
  return Object.keys(errors).length > 0 ? { errors } : { range };
}

/** How many days a range has. */
export function daysIn({ from, to }: Range): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** The day (UTC) of a moment, such as `2026-01-31`. */
export function dayOf(moment: string): string {
  return new Date(moment).toISOString().slice(0, 10);
}

/** The last day that is in a range which ends before `to`. */
export function lastDayBefore(to: string): string {
  return dayOf(new Date(Date.parse(to) - 1).toISOString());
}

/** Two moments as the days that they are in: one day, or `first to last`. */
export function periodOf(firstTime: string, lastTime: string): string {
  const first = dayOf(firstTime);
  const last = dayOf(lastTime);
  return first === last ? first : `${first} to ${last}`;
}

/** A range of which an end may be missing, in words. */
export function openRangeInWords(from: string | null, to: string | null): string {
  if (from === null && to === null) return "All times";
  if (from === null) return `Until ${lastDayBefore(to ?? "")}`;
  if (to === null) return `From ${dayOf(from)}`;
  return periodOf(from, new Date(Date.parse(to) - 1).toISOString());
}

function momentOf(day: string): number | null {
  if (!DAY.test(day)) return null;
  const moment = Date.parse(`${day}T00:00:00.000Z`);
  // 2026-02-30 is no day, though some engines read it as one of March.
  return Number.isNaN(moment) || iso(moment).slice(0, 10) !== day ? null : moment;
}

function iso(moment: number): string {
  return new Date(moment).toISOString();
}
