/** One chart of candles: TradingView's, in this page's colours and with its own clock. */
import {
  type AutoscaleInfo,
  type CandlestickData,
  CandlestickSeries,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  type Time,
} from "lightweight-charts";
import { type Decimal, placesOf } from "../money/decimal";
import { cssColor, seeThrough } from "../ui/colors";
import { type Candle, candleTimeAt, secondsOf } from "./candles";
import { digitsOf, type Indicator, IndicatorLayer } from "./indicators";
import { crosshairTime, tickMark } from "./times";

/** A price that is drawn across the chart, such as an open order's. */
export interface Level {
  price: Decimal;
  title: string;
  tone: "up" | "down" | "accent" | "muted";
  isDashed?: boolean;
  /** The prices beside the chart reach as far as this one. */
  isKeptInView?: boolean;
}

/** Something that happened at a moment, such as a fill of one's own. */
export interface Mark {
  at: string;
  side: "BUY" | "SELL";
  text: string;
}

// How near the oldest candle one has to scroll for older ones to be read.
const OLDER_WITHIN_BARS = 30;
const RIGHT_OFFSET_BARS = 6;
// What of the chart lies before a moment that is to be seen.
const PART_BEFORE = 0.35;

export class CandleChart {
  readonly #chart: IChartApi;
  readonly #series: ISeriesApi<"Candlestick">;
  readonly #markers: ISeriesMarkersPluginApi<Time>;
  readonly #indicators: IndicatorLayer;
  #shown: ReadonlySet<Indicator> = new Set();
  #candles: readonly Candle[] = [];
  #levels: readonly Level[] = [];
  #lines: IPriceLine[] = [];
  #marks: readonly Mark[] = [];

  constructor(container: HTMLElement) {
    this.#chart = createChart(container, {
      autoSize: true,
      // Its logo brings a style element along, which this page's policy refuses; the notice
      // that its licence asks for stands under the chart.
      layout: { attributionLogo: false, fontFamily: getComputedStyle(container).fontFamily },
      localization: { timeFormatter: crosshairTime },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { rightOffset: RIGHT_OFFSET_BARS, minBarSpacing: 1, tickMarkFormatter: tickMark },
    });
    this.#series = this.#chart.addSeries(CandlestickSeries, {
      autoscaleInfoProvider: (own: () => AutoscaleInfo | null) => this.#withLevels(own()),
    });
    this.#markers = createSeriesMarkers(this.#series, []);
    this.#indicators = new IndicatorLayer(this.#chart);
    this.applyTheme();
  }

  /** Prices are written with as many digits as the symbol's tick has. */
  setTick(tick: Decimal): void {
    this.#series.applyOptions({ priceFormat: digitsOf(Number(tick), placesOf(tick)) });
    this.#indicators.tick = Number(tick);
    this.#indicators.show(this.#shown, this.#candles);
  }

  /** Shows these candles; `isOther` where they are not those of before with some more. */
  setCandles(candles: readonly Candle[], isOther: boolean): void {
    this.#candles = candles;
    this.#series.setData(candles.map(barOf));
    this.#indicators.setCandles(candles);
    this.#drawMarks();
    if (isOther) {
      this.#chart.timeScale().applyOptions({ barSpacing: 7 });
      // At once: a glide would carry whoever was shown another moment meanwhile back to now.
      this.#chart.timeScale().scrollToPosition(RIGHT_OFFSET_BARS, false);
      this.#series.priceScale().applyOptions({ autoScale: true });
    }
  }

  /** Takes a newer version of the last candle, or the one after it. */
  update(candle: Candle, candles: readonly Candle[]): void {
    const isNext = candles.length > this.#candles.length;
    this.#candles = candles;
    this.#series.update(barOf(candle));
    this.#indicators.update(candle);
    if (isNext) this.#drawMarks();
  }

  showIndicators(shown: ReadonlySet<Indicator>): void {
    this.#shown = shown;
    this.#indicators.show(shown, this.#candles);
  }

  setLevels(levels: readonly Level[]): void {
    for (const line of this.#lines) this.#series.removePriceLine(line);
    this.#levels = levels;
    this.#lines = levels.map(({ price, title, tone, isDashed }) =>
      this.#series.createPriceLine({
        price: Number(price),
        title,
        color: cssColor(tone),
        lineWidth: 1,
        lineStyle: isDashed ? LineStyle.Dashed : LineStyle.Solid,
        axisLabelVisible: true,
      }),
    );
  }

  setMarks(marks: readonly Mark[]): void {
    this.#marks = marks;
    this.#drawMarks();
  }

  /** Scrolls back to a moment, unless it is in view already. */
  reveal(moment: string): void {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    const index = this.#candles.findLastIndex((candle) => candle.open_time <= moment);
    if (range === null || index < 0 || index > range.from) return;
    const bars = range.to - range.from;
    const from = index - bars * PART_BEFORE;
    scale.setVisibleLogicalRange({ from, to: from + bars });
  }

  /** Calls back when one has scrolled near the oldest candle. */
  onNearOldest(call: () => void): void {
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && this.#candles.length > 0 && range.from < OLDER_WITHIN_BARS) call();
    });
  }

  /** Calls back with the candle under the pointer, null where there is none. */
  onPointed(call: (candle: Candle | null) => void): void {
    this.#chart.subscribeCrosshairMove(({ time, point }) => {
      if (time === undefined || point === undefined) return call(null);
      call(this.#candles.find((candle) => secondsOf(candle.open_time) === time) ?? null);
    });
  }

  /** Takes the theme's colours, after it has changed. */
  applyTheme(): void {
    const grid = { color: seeThrough(cssColor("border"), 0.55) };
    const border = cssColor("border");
    this.#chart.applyOptions({
      layout: {
        background: { color: cssColor("panel") },
        textColor: cssColor("muted"),
        fontSize: 11,
        panes: { separatorColor: border, separatorHoverColor: cssColor("raised") },
      },
      grid: { vertLines: grid, horzLines: grid },
      crosshair: {
        vertLine: { color: cssColor("muted"), labelBackgroundColor: cssColor("accent") },
        horzLine: { color: cssColor("muted"), labelBackgroundColor: cssColor("accent") },
      },
      rightPriceScale: { borderColor: border },
      timeScale: { borderColor: border, timeVisible: true },
    });
    const [up, down] = [cssColor("up"), cssColor("down")];
    this.#series.applyOptions({
      // Rising ones are hollow: the colour is not the only sign.
      upColor: cssColor("panel"),
      borderUpColor: up,
      wickUpColor: up,
      downColor: down,
      borderDownColor: down,
      wickDownColor: down,
      priceLineColor: cssColor("accent"),
    });
    this.#indicators.show(this.#shown, this.#candles);
    this.setLevels(this.#levels);
    this.#drawMarks();
  }

  remove(): void {
    this.#chart.remove();
  }

  #withLevels(own: AutoscaleInfo | null): AutoscaleInfo | null {
    const range = own?.priceRange;
    const kept = this.#levels.filter((level) => level.isKeptInView);
    if (!range || kept.length === 0) return own;
    const prices = kept.map((level) => Number(level.price));
    const minValue = Math.min(range.minValue, ...prices);
    return { ...own, priceRange: { minValue, maxValue: Math.max(range.maxValue, ...prices) } };
  }

  #drawMarks(): void {
    const times = this.#candles.map((candle) => secondsOf(candle.open_time));
    const drawn: SeriesMarker<Time>[] = [];
    for (const { at, side, text } of this.#marks) {
      const time = candleTimeAt(times, secondsOf(at));
      if (time === null) continue;
      const isBuy = side === "BUY";
      drawn.push({
        time: time as Time,
        position: isBuy ? "belowBar" : "aboveBar",
        shape: isBuy ? "arrowUp" : "arrowDown",
        color: cssColor(isBuy ? "up" : "down"),
        text,
      });
    }
    this.#markers.setMarkers(drawn.sort((a, b) => Number(a.time) - Number(b.time)));
  }
}

function barOf(candle: Candle): CandlestickData<Time> {
  return {
    time: secondsOf(candle.open_time) as Time,
    open: Number(candle.open),
    high: Number(candle.high),
    low: Number(candle.low),
    close: Number(candle.close),
  };
}
