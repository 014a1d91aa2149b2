/** Lists of what happened, one part a day of this person's clock. */
import { dayOf, daysBefore } from "./days";

/** One day of a list. */
export interface DayOf<Item> {
  /** Such as `2026-11-29`. */
  day: string;
  /** What people call it: `Today`. */
  title: string;
  items: readonly Item[];
}

const LONG = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

/** Parts a list, whose order stays. */
export function byDay<Item>(
  items: readonly Item[],
  momentOf: (item: Item) => string,
  now = new Date(),
): DayOf<Item>[] {
  const days: { day: string; title: string; items: Item[] }[] = [];
  for (const item of items) {
    const at = new Date(momentOf(item));
    const day = dayOf(at);
    const last = days.at(-1);
    if (last?.day === day) last.items.push(item);
    else days.push({ day, title: titleOf(at, day, now), items: [item] });
  }
  return days;
}

function titleOf(at: Date, day: string, now: Date): string {
  if (day === dayOf(now)) return "Today";
  if (day === daysBefore(now, 1)) return "Yesterday";
  return LONG.format(at);
}
