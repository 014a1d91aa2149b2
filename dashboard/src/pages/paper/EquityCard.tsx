/** The equity curve with what it reads where one points. */
import { useMemo, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import type { Resource } from "../../api/resource";
import { big, type Exact } from "../../money/decimal";
import { Card } from "../../ui/Card";
import { Moment } from "../../ui/Moment";
import { Change, Money } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { summary, withNow } from "./curve";
import { EquityChart } from "./EquityChart";
import {
  drawdownFrom,
  drawdownText,
  type EquityPoint,
  isActive,
  type Portfolio,
  peakOf,
  percentChange,
} from "./performance";
import { useSlowly, useWorth } from "./worth";

const FOLLOW_EVERY_MS = 1_000;

export function EquityCard(props: {
  portfolio: Portfolio;
  equity: Pick<Resource<Schema<"EquityAnswer">>, "value" | "problem" | "isLoading" | "reload">;
}) {
  return (
    <Card title="Equity" class="paper-equity-card">
      <Loaded of={props.equity} lines={7}>
        {({ points }) => <Curve portfolio={props.portfolio} points={points} />}
      </Loaded>
    </Card>
  );
}

function Curve(props: { portfolio: Portfolio; points: readonly EquityPoint[] }) {
  const { portfolio, points } = props;
  const unit = portfolio.quote_asset;
  const worth = useSlowly(useWorth(portfolio), FOLLOW_EVERY_MS);
  // What a session that has ended still holds goes on changing; its curve does not.
  const isFollowed = worth.isLive && isActive(portfolio);
  const [pointed, point] = useState<number | null>(null);
  const shown = useMemo(
    () => withNow(points, isFollowed && worth.equity ? big(worth.equity) : null, new Date()),
    [points, worth, isFollowed],
  );
  const words = useMemo(() => summary(points, unit), [points, unit]);
  const isAtNow = pointed === null || pointed >= points.length;
  const read = isAtNow ? points.at(-1) : points[pointed];
  const first = points[0];
  if (read === undefined || first === undefined) {
    return <Empty icon="pulse" title="No equity is recorded yet." />;
  }
  return (
    <figure class="equity-figure">
      {isAtNow ? (
        <ReadingNow portfolio={portfolio} points={points} last={read} first={first} />
      ) : (
        <Reading point={read} first={first} unit={unit} />
      )}
      <EquityChart
        points={shown}
        recorded={points.length}
        unit={unit}
        pointed={pointed !== null && pointed < shown.length ? pointed : null}
        onPoint={point}
      />
      <figcaption class="equity-summary">{words}</figcaption>
    </figure>
  );
}

/** The live end of the curve; where it is not live, the last that was recorded. */
function ReadingNow(props: {
  portfolio: Portfolio;
  points: readonly EquityPoint[];
  last: EquityPoint;
  first: EquityPoint;
}) {
  const { portfolio, points, first } = props;
  const { equity, isLive } = useWorth(portfolio).value;
  const peak = useMemo(() => peakOf(points), [points]);
  const drawdown = drawdownFrom(peak, equity);
  if (!isActive(portfolio) || !isLive || equity === null || drawdown === null) {
    return <Reading point={props.last} first={first} unit={portfolio.quote_asset} />;
  }
  const now = { timestamp: null, equity, drawdown };
  return <Reading point={now} first={first} unit={portfolio.quote_asset} />;
}

function Reading(props: {
  /** Without a time it is what is now. */
  point: { timestamp: string | null; equity: Exact; drawdown: Exact };
  first: EquityPoint;
  unit: string;
}) {
  const { timestamp, equity, drawdown } = props.point;
  return (
    <p class="equity-reading">
      <span class="equity-when">{timestamp === null ? "Now" : <Moment at={timestamp} />}</span>
      <Money value={equity} unit={props.unit} />
      <Change value={percentChange(props.first.equity, equity)} />
      <span class="muted">Drawdown {drawdownText(drawdown).toLowerCase()}</span>
    </p>
  );
}
