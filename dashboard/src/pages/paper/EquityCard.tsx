/** The equity curve with what it reads where one points. */
import { useMemo, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import type { Resource } from "../../api/resource";
import { big } from "../../money/decimal";
import { Card } from "../../ui/Card";
import { Moment } from "../../ui/Moment";
import { Change, Money } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { summary, withNow } from "./curve";
import { EquityChart } from "./EquityChart";
import { drawdownText, type EquityPoint, type Portfolio, percentChange } from "./performance";
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
  const worth = useSlowly(useWorth(portfolio), FOLLOW_EVERY_MS);
  const [pointed, point] = useState<number | null>(null);
  const shown = useMemo(
    () => withNow(points, worth.isLive && worth.equity ? big(worth.equity) : null, new Date()),
    [points, worth],
  );
  const words = useMemo(
    () => summary(points, portfolio.quote_asset),
    [points, portfolio.quote_asset],
  );
  const index = pointed !== null && pointed < shown.length ? pointed : null;
  const read = shown[index ?? shown.length - 1];
  const first = shown[0];
  if (read === undefined || first === undefined) {
    return <Empty icon="pulse" title="No equity is recorded yet." />;
  }
  return (
    <figure class="equity-figure">
      <p class="equity-reading">
        <span class="equity-when">
          {index === null && shown.length > points.length ? "Now" : <Moment at={read.timestamp} />}
        </span>
        <Money value={read.equity} unit={portfolio.quote_asset} />
        <Change value={percentChange(first.equity, read.equity)} />
        <span class="muted">Drawdown {drawdownText(read.drawdown).toLowerCase()}</span>
      </p>
      <EquityChart
        points={shown}
        recorded={points.length}
        unit={portfolio.quote_asset}
        pointed={index}
        onPoint={point}
      />
      <figcaption class="equity-summary">{words}</figcaption>
    </figure>
  );
}
