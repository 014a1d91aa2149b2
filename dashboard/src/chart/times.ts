/** Times along a chart, by the clock of whoever looks at it. */
import { TickMarkType, type Time } from "lightweight-charts";

const YEAR = new Intl.DateTimeFormat(undefined, { year: "numeric" });
const MONTH = new Intl.DateTimeFormat(undefined, { month: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const MINUTE = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const MOMENT = new Intl.DateTimeFormat(undefined, {
  day: "2-digit",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

const FORMATS = {
  [TickMarkType.Year]: YEAR,
  [TickMarkType.Month]: MONTH,
  [TickMarkType.DayOfMonth]: DAY,
  [TickMarkType.Time]: MINUTE,
  [TickMarkType.TimeWithSeconds]: MINUTE,
};

/** What stands under the chart. */
export function tickMark(time: Time, type: TickMarkType): string {
  return FORMATS[type].format(Number(time) * 1_000);
}

/** What stands under the pointer. */
export function crosshairTime(time: Time): string {
  return MOMENT.format(Number(time) * 1_000);
}
