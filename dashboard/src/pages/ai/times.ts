/** How long an analysis holds, and when its result can be known. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What is left of a span: `4:07`, from an hour on `1 h 05 min`. A second begun counts. */
export function remainingText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND_MS));
  const two = (count: number) => String(count).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  const minutes = Math.ceil(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

const UNITS: Record<string, number> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  M: 30 * DAY_MS,
};

/** How long one candle of a timeframe is; a month is taken for 30 days. */
export function timeframeMs(timeframe: string): number {
  const unit = UNITS[timeframe.slice(-1)];
  const count = Number.parseInt(timeframe, 10);
  if (unit === undefined || !(count > 0)) throw new RangeError(`not a timeframe: ${timeframe}`);
  return count * unit;
}

/** An analysis is held against so many candles of its timeframe. */
export const HORIZON_CANDLES = 24;

/** About when what became of an analysis can be known: some minutes after its last candle. */
export function scoredAt(createdAt: string, timeframe: string): Date {
  return new Date(Date.parse(createdAt) + HORIZON_CANDLES * timeframeMs(timeframe));
}
