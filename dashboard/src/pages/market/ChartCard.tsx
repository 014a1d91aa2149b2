/** The chart of the market page, with its choices, one's own fills, orders and entries. */
import { useComputed, useSignal } from "@preact/signals";
import { Chart, type Level } from "../../chart/Chart";
import { TIMEFRAMES, type Timeframe } from "../../chart/candles";
import { INDICATOR_NAMES, INDICATORS, type Indicator } from "../../chart/indicators";
import { openOrders, openPositions } from "../../live/private";
import { format } from "../../money/decimal";
import { remember, remembered, rememberedSet } from "../../shell/remembered";
import { Card } from "../../ui/Card";
import { Segmented } from "../../ui/Choice";
import type { TradedSymbol } from "./symbols";
import { useFills } from "./useFills";

const FIRST_INDICATORS: readonly Indicator[] = ["volume", "ema_21"];

export function ChartCard({ symbol }: { symbol: TradedSymbol }) {
  const timeframe = useSignal<Timeframe>(remembered("timeframe", TIMEFRAMES, "5m"));
  const indicators = useSignal<ReadonlySet<Indicator>>(
    rememberedSet("indicators", INDICATORS, FIRST_INDICATORS),
  );
  const marks = useFills(symbol.symbol);
  const levels = useLevels(symbol.symbol);
  const toggle = (indicator: Indicator) => {
    const chosen = new Set(indicators.value);
    if (!chosen.delete(indicator)) chosen.add(indicator);
    indicators.value = chosen;
    remember("indicators", [...chosen].join(","));
  };
  return (
    <Card title="Chart" class="chart-card" isFlush isTitleHidden>
      <div class="chart-bar">
        <Segmented
          label="Timeframe"
          value={timeframe.value}
          choices={TIMEFRAMES.map((each) => [each, each] as const)}
          onChange={(chosen) => {
            timeframe.value = chosen;
            remember("timeframe", chosen);
          }}
        />
        <IndicatorSwitches shown={indicators.value} onToggle={toggle} />
      </div>
      <Chart
        symbol={symbol.symbol}
        timeframe={timeframe.value}
        tick={symbol.tick_size}
        indicators={indicators.value}
        levels={levels}
        marks={marks}
      />
    </Card>
  );
}

function IndicatorSwitches(props: {
  shown: ReadonlySet<Indicator>;
  onToggle: (indicator: Indicator) => void;
}) {
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">Indicators</legend>
      {INDICATORS.map((indicator) => (
        <button
          key={indicator}
          type="button"
          class={`chip chip-${indicator}`}
          aria-pressed={props.shown.has(indicator)}
          onClick={() => props.onToggle(indicator)}
        >
          {INDICATOR_NAMES[indicator]}
        </button>
      ))}
    </fieldset>
  );
}

/** Open orders as dashed lines, entries of positions as solid ones. */
function useLevels(symbol: string): readonly Level[] {
  return useComputed(() => {
    const levels: Level[] = [];
    for (const { symbol: of, side, price, stop_price, quantity } of openOrders.value ?? []) {
      const at = price ?? stop_price;
      if (of !== symbol || at === null) continue;
      const size = quantity === null ? "" : ` ${format(quantity)}`;
      const tone = side === "BUY" ? "up" : "down";
      levels.push({ price: at, title: `${side}${size}`, tone, isDashed: true });
    }
    for (const { symbol: of, entry_price } of openPositions.value ?? []) {
      if (of === symbol) levels.push({ price: entry_price, title: "Entry", tone: "accent" });
    }
    return levels;
  }).value;
}
