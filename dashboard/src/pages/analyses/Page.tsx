/** One analysis: what was said, what it looked like, and what became of it. */
import { api } from "../../api/client";
import { useResource } from "../../api/resource";
import { TIMEFRAMES } from "../../chart/candles";
import type { PageProps } from "../../shell/pages";
import { href } from "../../shell/router";
import { Icon } from "../../ui/Icon";
import { Empty, Loaded } from "../../ui/states";
import { WorkflowLink } from "../../ui/WorkflowLink";
import { AnalysisChart } from "../ai/AnalysisChart";
import type { Analysis } from "../ai/analysis";
import { NotAdvice } from "../ai/NotAdvice";
import { ReasonCard } from "../ai/ReasonCard";
import { SignalCard } from "../ai/SignalCard";
import { useHasPassed } from "../ai/useNow";
import { readSymbols } from "../market/symbols";
import { OutcomeCard } from "./OutcomeCard";

export default function AnalysisPage({ parameter: id = "" }: PageProps) {
  const analysis = useResource(
    (signal) => api.get("/api/ai/analyses/{analysis_id}", { path: { analysis_id: id }, signal }),
    [id],
  );
  const code = analysis.problem?.code;
  // An id that is none is refused, one of somebody else is not found: the same to who looks.
  if (code === "NOT_FOUND" || code === "INVALID_REQUEST") return <NotThere />;
  return (
    <Loaded of={analysis} lines={10}>
      {(value) => <AnalysisView analysis={value} />}
    </Loaded>
  );
}

function NotThere() {
  return (
    <>
      <h1 class="page-title">Analysis</h1>
      <Empty
        icon="search"
        title="There is no such analysis."
        action={<a href={href("ai")}>Your analyses</a>}
      >
        You can read those that you have asked for.
      </Empty>
    </>
  );
}

function AnalysisView({ analysis }: { analysis: Analysis }) {
  const { symbol, timeframe } = analysis;
  const symbols = useResource(readSymbols, []);
  const tick = symbols.value?.find((each) => each.symbol === symbol)?.tick_size;
  const isCurrent = !useHasPassed(analysis.expires_at);
  return (
    <div class="stack">
      <AnalysisHead analysis={analysis} />
      <div class="analysis-grid">
        <div class="analysis-side">
          <SignalCard analysis={analysis} tick={tick} isCurrent={isCurrent} />
          <OutcomeCard analysis={analysis} tick={tick} />
          <NotAdvice />
        </div>
        <div class="analysis-main stack">
          {tick && (
            <AnalysisChart
              symbol={symbol}
              timeframe={timeframe}
              tick={tick}
              analysis={analysis}
              isCurrent={isCurrent}
              since={analysis.created_at}
            />
          )}
          <ReasonCard analysis={analysis} tick={tick} />
        </div>
      </div>
    </div>
  );
}

function AnalysisHead({ analysis }: { analysis: Analysis }) {
  const { symbol, timeframe, workflow_id } = analysis;
  const canRepeat = (TIMEFRAMES as readonly string[]).includes(timeframe);
  return (
    <header class="ask-bar">
      <a class="analysis-back" href={href("ai", undefined, { symbol, timeframe })}>
        <Icon name="chevron" /> AI
      </a>
      <h1>
        {symbol} <span class="unit">{timeframe}</span>
      </h1>
      <div class="analysis-ways">
        <WorkflowLink id={workflow_id} />
        {canRepeat && (
          <a class="button" href={href("ai", undefined, { symbol, timeframe })}>
            <Icon name="spark" /> Analyze again
          </a>
        )}
      </div>
    </header>
  );
}
