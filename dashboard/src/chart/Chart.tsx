/** Candles with indicators, one's own fills and prices drawn in. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../api/problem";
import { isLive } from "../live/socket";
import type { Decimal } from "../money/decimal";
import { formatByStep, formatShort } from "../money/decimal";
import { shownTheme } from "../shell/theme";
import { ErrorCard } from "../ui/states";
import { CandleChart, type Level, type Mark } from "./candleChart";
import { CandleFeed } from "./candleFeed";
import type { Candle } from "./candles";
import type { Indicator } from "./indicators";

export type { Level, Mark } from "./candleChart";

const NO_LEVELS: readonly Level[] = [];
const NO_MARKS: readonly Mark[] = [];
const NO_INDICATORS: ReadonlySet<Indicator> = new Set();

/** A chart that follows the market and fills the height that its class gives it. */
export function Chart(props: {
  symbol: string;
  timeframe: string;
  tick: Decimal;
  indicators?: ReadonlySet<Indicator>;
  /** Prices drawn across; a new list only where something changed. */
  levels?: readonly Level[];
  marks?: readonly Mark[];
  /** A moment that is in view at first, however long ago it was. */
  since?: string | undefined;
}) {
  const { symbol, timeframe, tick, since } = props;
  const { indicators = NO_INDICATORS, levels = NO_LEVELS, marks = NO_MARKS } = props;
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<CandleChart | null>(null);
  const feed = useRef<CandleFeed | null>(null);
  const pointed = useSignal<Candle | null>(null);
  const last = useSignal<Candle | null>(null);
  const problem = useSignal<Problem | null>(null);
  const isLoading = useSignal(true);
  const theme = shownTheme.value;

  useEffect(() => {
    if (container.current === null) return;
    const made = new CandleChart(container.current);
    chart.current = made;
    made.onNearOldest(() => void feed.current?.readOlder());
    made.onPointed((candle) => {
      pointed.value = candle;
    });
    return () => {
      chart.current = null;
      made.remove();
    };
  }, [pointed]);

  useEffect(() => {
    isLoading.value = true;
    problem.value = null;
    const showSince = async (of: CandleFeed, moment: string) => {
      if (await of.readBackTo(moment)) chart.current?.reveal(moment);
    };
    const opened = new CandleFeed(symbol, timeframe, {
      onCandles(candles, isOther) {
        chart.current?.setCandles(candles, isOther);
        last.value = candles.at(-1) ?? null;
        problem.value = null;
        isLoading.value = false;
        if (isOther && since !== undefined) void showSince(opened, since);
      },
      onUpdate(candle, candles) {
        chart.current?.update(candle, candles);
        last.value = { ...candle };
      },
      onProblem(told) {
        problem.value = told;
        isLoading.value = false;
      },
    });
    feed.current = opened;
    return () => {
      feed.current = null;
      opened.close();
      pointed.value = null;
    };
  }, [symbol, timeframe, since, isLoading, last, pointed, problem]);

  useEffect(() => chart.current?.setTick(tick), [tick]);
  // biome-ignore format: one line an effect
  useEffect(() => { if (theme) chart.current?.applyTheme(); }, [theme]);
  useEffect(() => chart.current?.showIndicators(indicators), [indicators]);
  useEffect(() => chart.current?.setLevels(levels), [levels]);
  useEffect(() => chart.current?.setMarks(marks), [marks]);

  return (
    <div class="chart">
      <Legend candle={pointed.value ?? last.value} tick={tick} />
      {problem.value && (
        <ErrorCard problem={problem.value} onRetry={() => void feed.current?.readNewest()} />
      )}
      {isLoading.value && <div class="chart-loading" role="status" aria-label="Loading candles" />}
      <div
        ref={container}
        class={`chart-canvas${isLoading.value ? " chart-waiting" : ""}${isLive.value ? "" : " stale"}`}
        role="img"
        aria-label={`Candles of ${symbol}, ${timeframe}`}
      />
      <p class="chart-notice">
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          Charts by TradingView
        </a>
      </p>
    </div>
  );
}

/** The numbers of the candle under the pointer, or of the last one. */
function Legend({ candle, tick }: { candle: Candle | null; tick: Decimal }) {
  if (candle === null) return <p class="chart-legend">&nbsp;</p>;
  const rises = Number(candle.close) >= Number(candle.open);
  const numbers = [
    ["O", candle.open],
    ["H", candle.high],
    ["L", candle.low],
    ["C", candle.close],
  ] as const;
  return (
    <p class="chart-legend figures">
      {numbers.map(([name, value]) => (
        <span key={name}>
          {name} <b class={rises ? "up" : "down"}>{formatByStep(value, tick)}</b>
        </span>
      ))}
      <span>
        V <b>{formatShort(candle.volume)}</b>
      </span>
    </p>
  );
}
