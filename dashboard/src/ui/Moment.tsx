/** Times: the API's are UTC; people see their own clock, and the exact moment on demand. */

const DAY = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });

/** A moment in short: the time today, the day and time before. */
export function shortMoment(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (at.toDateString() === now.toDateString()) return TIME.format(at);
  if (at.getFullYear() === now.getFullYear()) return `${DAY.format(at)} ${TIME.format(at)}`;
  return `${DAY_OF_YEAR.format(at)} ${TIME.format(at)}`;
}

/** A moment; null where there is none. */
export function Moment({ at }: { at: string | null | undefined }) {
  if (!at) return <span class="unknown">–</span>;
  return (
    <time class="figures" dateTime={at} title={at}>
      {shortMoment(at)}
    </time>
  );
}
