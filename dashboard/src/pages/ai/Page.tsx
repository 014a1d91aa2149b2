/** The AI page: ask a model about a market, and see how earlier answers turned out. */
import { useEffect } from "preact/hooks";
import { api } from "../../api/client";
import { useResource } from "../../api/resource";
import { TIMEFRAMES, type Timeframe } from "../../chart/candles";
import { recalled, remember, remembered } from "../../shell/remembered";
import { href, navigate, route } from "../../shell/router";
import { Empty, Loaded } from "../../ui/states";
import { DEFAULT_SYMBOL, readSymbols, type TradedSymbol } from "../market/symbols";
import { AnalysisChart } from "./AnalysisChart";
import { AskBar } from "./AskBar";
import { newerOf } from "./analysis";
import { askedOf } from "./asking";
import { EarlierAnalyses } from "./EarlierAnalyses";
import { NotAdvice } from "./NotAdvice";
import { ReasonCard } from "./ReasonCard";
import { Scorecard } from "./Scorecard";
import { SignalSide } from "./SignalSide";
import { useAnalysisNews } from "./useAnalysisNews";
import { useHasPassed } from "./useNow";

const TIMEFRAME_HABIT = "ai-timeframe";

export default function AiPage() {
  const symbols = useResource(readSymbols, []);
  return (
    <Loaded of={symbols} lines={10}>
      {(all) => <Chosen symbols={all} />}
    </Loaded>
  );
}

/** What the address names, else what was chosen last; the address then says so. */
function Chosen({ symbols }: { symbols: readonly TradedSymbol[] }) {
  const { query } = route.value;
  const find = (name: string | null) => symbols.find(({ symbol }) => symbol === name);
  const wanted = query.get("symbol");
  const symbol = find(wanted) ?? find(recalled("symbol")) ?? find(DEFAULT_SYMBOL) ?? symbols[0];
  const wantedTimeframe = query.get("timeframe");
  const timeframe =
    TIMEFRAMES.find((each) => each === wantedTimeframe) ??
    remembered(TIMEFRAME_HABIT, TIMEFRAMES, "1h");
  const name = symbol?.symbol;
  useEffect(() => {
    // Effects run late: one may have gone elsewhere since.
    if (name === undefined || route.peek().page !== "ai") return;
    remember("symbol", name);
    remember(TIMEFRAME_HABIT, timeframe);
    if (name !== wanted || timeframe !== wantedTimeframe) {
      navigate(addressOf(name, timeframe), { replace: true });
    }
  }, [name, wanted, timeframe, wantedTimeframe]);
  if (symbol === undefined) {
    return <Empty title="The venue lists no symbols.">Look again in a moment.</Empty>;
  }
  return <Desk symbols={symbols} symbol={symbol} timeframe={timeframe} />;
}

function addressOf(symbol: string, timeframe: Timeframe): string {
  return href("ai", undefined, { symbol, timeframe });
}

interface DeskProps {
  symbols: readonly TradedSymbol[];
  symbol: TradedSymbol;
  timeframe: Timeframe;
}

function Desk({ symbols, symbol: { symbol, tick_size }, timeframe }: DeskProps) {
  const latest = useResource(
    (signal) => api.get("/api/ai/analyses", { query: { symbol, timeframe, limit: 1 }, signal }),
    [symbol, timeframe],
  );
  useAnalysisNews(symbol, latest.reload);
  const asked = askedOf(symbol, timeframe);
  const answered = asked?.phase === "answered" ? asked.analysis : null;
  const analysis = newerOf(answered, latest.value?.items[0] ?? null);
  const isCurrent = !useHasPassed(analysis?.expires_at);
  // What is drawn is what the card beside it tells of.
  const shown = asked?.phase === "waiting" ? null : analysis;
  return (
    <div class="stack">
      <AskBar
        symbols={symbols}
        symbol={symbol}
        timeframe={timeframe}
        asked={asked}
        onChoose={(chosen) =>
          navigate(addressOf(chosen.symbol, chosen.timeframe), { replace: true })
        }
      />
      <div class="analysis-grid">
        <div class="analysis-side">
          <SignalSide
            symbol={symbol}
            timeframe={timeframe}
            tick={tick_size}
            asked={asked}
            latest={latest}
            analysis={analysis}
            isCurrent={isCurrent}
          />
          <NotAdvice />
        </div>
        <div class="analysis-main stack">
          <AnalysisChart
            symbol={symbol}
            timeframe={timeframe}
            tick={tick_size}
            analysis={shown}
            isCurrent={isCurrent}
          />
          {shown && <ReasonCard analysis={shown} tick={tick_size} />}
        </div>
      </div>
      <div class="analysis-lists">
        <EarlierAnalyses symbols={symbols} />
        <Scorecard symbol={symbol} />
      </div>
    </div>
  );
}
