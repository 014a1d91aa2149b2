/** Days on this person's clock, as addresses and date fields write them: `2026-11-29`. */

/** The day of a moment. */
export function dayOf(moment: Date): string {
  const part = (value: number, length: number) => String(value).padStart(length, "0");
  const month = part(moment.getMonth() + 1, 2);
  return `${part(moment.getFullYear(), 4)}-${month}-${part(moment.getDate(), 2)}`;
}

/** The day so many days before a moment; 0 is its own. */
export function daysBefore(moment: Date, days: number): string {
  // Noon is the same day whichever way a clock was moved in the night.
  return dayOf(new Date(moment.getFullYear(), moment.getMonth(), moment.getDate() - days, 12));
}

/** The first moment of a day as the API takes it; undefined where there is no such day. */
export function startOfDay(day: string): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  if (year === undefined) return undefined;
  const first = new Date(Number(year), Number(month) - 1, Number(date));
  return dayOf(first) === day ? first.toISOString() : undefined;
}
