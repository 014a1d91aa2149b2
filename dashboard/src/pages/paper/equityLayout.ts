/** Where things stand in the drawing of an equity curve. */
import {
  DAY,
  equityRange,
  type Range,
  roundTicks,
  type Spot,
  scale,
  tickPlaces,
  timeTicks,
} from "./curve";

export const EDGE = 2;
const HEIGHT = 300;
const DRAWDOWN_HEIGHT = 56;
const GAP = 14;
const TIME_HEIGHT = 22;
const TOP = 8;
const CHARACTER = 7;
const LABEL_ROOM = 14;
const PIXELS_A_TIME = 90;
const TIME_ROOM = 28;
const MINUTE = 60_000;

/** A mark on an axis. */
export interface Tick {
  at: number;
  text: string;
}

export interface Layout {
  width: number;
  height: number;
  /** Where the curve ends and the labels begin. */
  right: number;
  /** The lower edge of the curve's part, and of the drawdown's. */
  bottom: number;
  floor: number;
  x: (at: number) => number;
  y: (equity: number) => number;
  drawdownY: (share: number) => number;
  /** Where the equity stood at first. */
  baseline: number;
  equityTicks: readonly Tick[];
  timeTicks: readonly Tick[];
  /** The deepest drawdown, as the label at its height. */
  deepest: Tick | null;
  momentAt: (x: number) => number;
}

/** Lays a curve out in a width of pixels. */
export function layoutOf(spots: readonly Spot[], width: number): Layout {
  const floor = HEIGHT - TIME_HEIGHT;
  const bottom = floor - DRAWDOWN_HEIGHT - GAP;
  const equities = equityRange(spots);
  const values = roundTicks(equities, 4);
  const texts = values.map((value) => money(value, tickPlaces(values)));
  const labels = Math.max(5, ...texts.map(({ length }) => length)) * CHARACTER + LABEL_ROOM;
  const right = Math.max(EDGE + 1, width - labels);
  const times: Range = [spots[0]?.at ?? 0, spots.at(-1)?.at ?? 0];
  const x = scale(times, [EDGE + 3, right - 5]);
  const y = scale(equities, [bottom, TOP]);
  const deepest = Math.max(0, ...spots.map(({ drawdown }) => drawdown));
  const drawdownY = scale([0, deepest || 1], [bottom + GAP, floor - 4]);
  return {
    width,
    height: HEIGHT,
    right,
    bottom,
    floor,
    x,
    y,
    drawdownY,
    baseline: y(spots[0]?.equity ?? 0),
    equityTicks: values.map((value, index) => ({ at: y(value), text: texts[index] ?? "" })),
    timeTicks: timesOf(times, x, right),
    deepest: deepest > 0 ? { at: drawdownY(deepest), text: percent(deepest) } : null,
    momentAt: scale([EDGE + 3, right - 5], times),
  };
}

function timesOf(times: Range, x: (at: number) => number, right: number): Tick[] {
  const offset = -new Date(times[0]).getTimezoneOffset() * MINUTE;
  const { step, at } = timeTicks(times, Math.max(2, right / PIXELS_A_TIME), offset);
  const shown = step >= DAY ? DATE : step >= MINUTE ? TIME : SECONDS;
  return (
    at
      .map((tick) => ({ at: x(tick), text: shown.format(tick) }))
      // A label is written around its tick, and none is cut off.
      .filter((tick) => tick.at > TIME_ROOM)
  );
}

function money(value: number, places: number): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
}

function percent(share: number): string {
  return `−${(share * 100).toFixed(2)}%`;
}

const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const SECONDS = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });
