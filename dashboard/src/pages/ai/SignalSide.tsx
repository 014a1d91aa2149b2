/** The card beside the chart: waiting, refused, an answer, or none yet. */
import type { Resource } from "../../api/resource";
import type { Timeframe } from "../../chart/candles";
import type { Decimal } from "../../money/decimal";
import { Card } from "../../ui/Card";
import { Empty, ErrorCard, Skeleton } from "../../ui/states";
import type { Analysis } from "./analysis";
import { type Asked, analyze } from "./asking";
import { SignalCard } from "./SignalCard";
import { RefusedCard, WaitingCard } from "./Waiting";

export function SignalSide(props: {
  symbol: string;
  timeframe: Timeframe;
  tick: Decimal;
  asked: Asked | undefined;
  latest: Pick<Resource<unknown>, "value" | "problem" | "reload">;
  analysis: Analysis | null;
  isCurrent: boolean;
}) {
  const { symbol, timeframe, tick, asked, latest, analysis, isCurrent } = props;
  if (asked?.phase === "waiting") {
    return <WaitingCard what={`${symbol}, ${timeframe}`} since={asked.since} />;
  }
  // One whose answer was lost may have come another way.
  const hasArrived = (since: number) =>
    analysis !== null && Date.parse(analysis.created_at) >= since;
  const refused = asked?.phase === "failed" && !hasArrived(asked.since) && (
    <RefusedCard
      problem={asked.problem}
      at={asked.at}
      onRetry={() => void analyze(symbol, timeframe)}
    />
  );
  return (
    <>
      {refused}
      {analysis ? (
        <SignalCard analysis={analysis} tick={tick} isCurrent={isCurrent} />
      ) : (
        !refused && (
          <Card title="Signal" class="signal" isFlush>
            <NoneYet {...props} latest={latest} />
          </Card>
        )
      )}
    </>
  );
}

function NoneYet(props: {
  symbol: string;
  timeframe: Timeframe;
  latest: Pick<Resource<unknown>, "value" | "problem" | "reload">;
}) {
  const { symbol, timeframe, latest } = props;
  if (latest.problem) return <ErrorCard problem={latest.problem} onRetry={latest.reload} />;
  if (latest.value === null) return <Skeleton lines={8} />;
  return (
    <Empty icon="spark" title={`You have no analysis of ${symbol}, ${timeframe}, yet.`}>
      “Analyze” asks a model for its opinion: Long, Short or Neutral, with entry, stop and target.
    </Empty>
  );
}
