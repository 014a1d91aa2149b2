/** What is to be analyzed, and the button that asks. */
import { TIMEFRAMES, type Timeframe } from "../../chart/candles";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { Select } from "../../ui/Field";
import type { TradedSymbol } from "../market/symbols";
import { confidenceText } from "./analysis";
import { type Asked, analyze } from "./asking";

interface Subject {
  symbol: string;
  timeframe: Timeframe;
}

export function AskBar(
  props: Subject & {
    symbols: readonly TradedSymbol[];
    asked: Asked | undefined;
    onChoose: (subject: Subject) => void;
  },
) {
  const { symbols, symbol, timeframe, asked, onChoose } = props;
  return (
    <header class="ask-bar">
      <h1>AI</h1>
      <div class="ask-symbol">
        <Select
          label="Symbol"
          isLabelHidden
          value={symbol}
          choices={symbols.map((each) => [each.symbol, each.symbol] as const)}
          onChange={(chosen) => onChoose({ symbol: chosen, timeframe })}
        />
      </div>
      <Segmented
        label="Timeframe"
        value={timeframe}
        choices={TIMEFRAMES.map((each) => [each, each] as const)}
        onChange={(chosen) => onChoose({ symbol, timeframe: chosen })}
      />
      <Button
        tone="primary"
        icon="spark"
        isBusy={asked?.phase === "waiting"}
        onClick={() => void analyze(symbol, timeframe)}
      >
        Analyze
      </Button>
      <p class="visually-hidden" role="status">
        {spoken(asked, `${symbol}, ${timeframe}`)}
      </p>
    </header>
  );
}

/** What a screen reader is told; the card says it to everybody else. */
function spoken(asked: Asked | undefined, what: string): string {
  if (asked === undefined) return "";
  if (asked.phase === "waiting") return `Analyzing ${what}.`;
  if (asked.phase === "failed") return `There is no analysis of ${what}.`;
  const { signal, confidence } = asked.analysis;
  return `${what}: ${signal}, confidence ${confidenceText(confidence)}.`;
}
