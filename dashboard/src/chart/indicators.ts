/** Which indicators there are, and how each is drawn from what candles carry with them. */
import {
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type Time,
  type WhitespaceData,
} from "lightweight-charts";
import { type ColorName, cssColor, seeThrough } from "../ui/colors";
import { type Candle, secondsOf } from "./candles";

export const INDICATORS = ["volume", "ema_9", "ema_21", "ema_50", "bands", "rsi", "macd"] as const;
export type Indicator = (typeof INDICATORS)[number];

export const INDICATOR_NAMES: Record<Indicator, string> = {
  volume: "Volume",
  ema_9: "EMA 9",
  ema_21: "EMA 21",
  ema_50: "EMA 50",
  bands: "Bollinger",
  rsi: "RSI",
  macd: "MACD",
};

type Member = keyof Candle["indicators"];
interface Line {
  member: Member;
  color: ColorName;
  opacity?: number;
}

const LINES: Partial<Record<Indicator, readonly Line[]>> = {
  ema_9: [{ member: "ema_9", color: "line-1" }],
  ema_21: [{ member: "ema_21", color: "line-2" }],
  ema_50: [{ member: "ema_50", color: "line-3" }],
  bands: [
    { member: "bb_upper", color: "muted", opacity: 0.75 },
    { member: "bb_middle", color: "muted", opacity: 0.45 },
    { member: "bb_lower", color: "muted", opacity: 0.75 },
  ],
  rsi: [{ member: "rsi", color: "line-2" }],
  macd: [
    { member: "macd", color: "accent" },
    { member: "macd_signal", color: "line-1" },
  ],
};

// Indicators that are not prices stand in a pane of their own.
const OWN_PANES: readonly Indicator[] = ["rsi", "macd"];
// How much higher the candles' pane is than any other.
const MAIN_PANE_STRETCH = 3.5;

type Point = { time: Time; value: number; color?: string } | WhitespaceData<Time>;
interface Drawn {
  series: ISeriesApi<"Line"> | ISeriesApi<"Histogram">;
  pointOf: (candle: Candle) => Point;
}

/** The indicators that are drawn into one chart. */
export class IndicatorLayer {
  readonly #chart: IChartApi;
  #drawn: Drawn[] = [];
  /** The smallest difference that a price can make. */
  tick = 0.01;

  constructor(chart: IChartApi) {
    this.#chart = chart;
  }

  /** Draws these, and no others. */
  show(shown: ReadonlySet<Indicator>, candles: readonly Candle[]): void {
    for (const { series } of this.#drawn) this.#chart.removeSeries(series);
    this.#drawn = [];
    let pane = 0;
    for (const indicator of INDICATORS) {
      if (!shown.has(indicator)) continue;
      if (OWN_PANES.includes(indicator)) pane += 1;
      this.#add(indicator, OWN_PANES.includes(indicator) ? pane : 0);
    }
    this.#chart.panes()[0]?.setStretchFactor(MAIN_PANE_STRETCH);
    this.setCandles(candles);
  }

  setCandles(candles: readonly Candle[]): void {
    for (const { series, pointOf } of this.#drawn) series.setData(candles.map(pointOf));
  }

  update(candle: Candle): void {
    for (const { series, pointOf } of this.#drawn) series.update(pointOf(candle));
  }

  #add(indicator: Indicator, pane: number): void {
    if (indicator === "volume") this.#addVolume();
    if (indicator === "macd") this.#addHistogram(pane);
    for (const line of LINES[indicator] ?? []) this.#addLine(line, pane);
    if (indicator === "rsi") this.#addRsiBounds();
  }

  #addLine({ member, color, opacity = 1 }: Line, pane: number): void {
    const options = {
      color: seeThrough(cssColor(color), opacity),
      lineWidth: 1 as const,
      priceLineVisible: false,
      lastValueVisible: pane > 0,
      crosshairMarkerVisible: false,
      ...(member.startsWith("macd") ? { priceFormat: this.#differences() } : {}),
    };
    const series = this.#chart.addSeries(LineSeries, options, pane);
    this.#drawn.push({ series, pointOf: (candle) => pointOf(candle, member) });
  }

  /** Differences of averages are finer than prices. */
  #differences() {
    const minMove = this.tick / 10;
    return digitsOf(minMove, Math.max(0, -Math.floor(Math.log10(minMove))));
  }

  #addRsiBounds(): void {
    const series = this.#drawn.at(-1)?.series;
    for (const price of [30, 70]) {
      series?.createPriceLine({
        price,
        color: seeThrough(cssColor("muted"), 0.5),
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        axisLabelVisible: false,
        title: "",
      });
    }
  }

  #addHistogram(pane: number): void {
    const priceFormat = this.#differences();
    const options = { priceFormat, priceLineVisible: false, lastValueVisible: false };
    const series = this.#chart.addSeries(HistogramSeries, options, pane);
    const [rising, falling] = directionColors(0.5);
    this.#drawn.push({
      series,
      pointOf: (candle) => {
        const point = pointOf(candle, "macd_histogram");
        return "value" in point ? { ...point, color: point.value < 0 ? falling : rising } : point;
      },
    });
  }

  #addVolume(): void {
    const series = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      priceLineVisible: false,
      lastValueVisible: false,
    });
    series.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    const [rising, falling] = directionColors(0.35);
    this.#drawn.push({
      series,
      pointOf: (candle) => ({
        time: secondsOf(candle.open_time) as Time,
        value: Number(candle.volume),
        color: Number(candle.close) < Number(candle.open) ? falling : rising,
      }),
    });
  }
}

/** Numbers with so many digits after the point; the chart's own format fails below 0.00001. */
export function digitsOf(minMove: number, places: number) {
  const digits = { minimumFractionDigits: places, maximumFractionDigits: places };
  const { format } = new Intl.NumberFormat("en-US", digits);
  return { type: "custom" as const, minMove, formatter: format };
}

function directionColors(opacity: number): [rising: string, falling: string] {
  return [seeThrough(cssColor("up"), opacity), seeThrough(cssColor("down"), opacity)];
}

function pointOf(candle: Candle, member: Member): Exclude<Point, { color: string }> {
  const time = secondsOf(candle.open_time) as Time;
  const value = candle.indicators[member];
  return value === null ? { time } : { time, value: Number(value) };
}
