/** A market's chart with what an analysis suggests drawn in. */
import { useMemo } from "preact/hooks";
import { Chart, type Level, type Mark } from "../../chart/Chart";
import type { Indicator } from "../../chart/indicators";
import type { Decimal } from "../../money/decimal";
import { Card } from "../../ui/Card";
import { type Analysis, levelsOf, marksOf } from "./analysis";

const INDICATORS: ReadonlySet<Indicator> = new Set(["volume", "ema_21"]);
const NO_LEVELS: readonly Level[] = [];
const NO_MARKS: readonly Mark[] = [];

export function AnalysisChart(props: {
  symbol: string;
  timeframe: string;
  tick: Decimal;
  analysis: Analysis | null;
  isCurrent: boolean;
  /** A moment that is in view at first. */
  since?: string;
}) {
  const { symbol, timeframe, tick, analysis, isCurrent, since } = props;
  const levels = useMemo(
    () => (analysis === null ? NO_LEVELS : levelsOf(analysis, isCurrent)),
    [analysis, isCurrent],
  );
  const marks = useMemo(() => (analysis === null ? NO_MARKS : marksOf(analysis)), [analysis]);
  return (
    <Card title={`Chart of ${symbol}, ${timeframe}`} class="chart-card" isFlush isTitleHidden>
      <Chart
        symbol={symbol}
        timeframe={timeframe}
        tick={tick}
        indicators={INDICATORS}
        levels={levels}
        marks={marks}
        since={since}
      />
    </Card>
  );
}
