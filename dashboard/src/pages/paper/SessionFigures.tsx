/** The session in a row of numbers; what is not live says so. */
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { Figure } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { Moment, shortMoment } from "../../ui/Moment";
import { Change, Money, Pnl, Unknown } from "../../ui/numbers";
import {
  counted,
  drawdownFrom,
  drawdownText,
  type EquityPoint,
  isFork,
  openingEquity,
  peakOf,
  resultOf,
} from "./performance";
import type { ReadPortfolio } from "./usePaperSession";
import { useWorth } from "./worth";

export function SessionFigures(props: {
  portfolio: ReadPortfolio;
  points: readonly EquityPoint[] | null;
}) {
  const { portfolio, points } = props;
  const unit = portfolio.quote_asset;
  const { equity, isLive } = useWorth(portfolio).value;
  const opening = openingEquity(portfolio, points);
  const result = resultOf(opening, equity);
  const peak = useMemo(() => (points === null ? null : peakOf(points)), [points]);
  const drawdown = drawdownFrom(peak, equity);
  return (
    <dl class="paper-figures">
      <Figure
        label="Equity"
        note={isLive ? "At live prices" : <NotLive readAt={portfolio.readAt} />}
      >
        <Shown isLive={isLive}>
          <Money value={equity} unit={unit} />
        </Shown>
      </Figure>
      <Figure
        label="PnL"
        note={
          <>
            {isFork(portfolio) ? "Since the fork, from " : "From "}
            <Money value={opening} />
          </>
        }
      >
        <Shown isLive={isLive}>
          <Pnl value={result?.money} />{" "}
          <span class="paper-percent">
            <Change value={result?.percent} />
          </span>
        </Shown>
      </Figure>
      <Figure
        label="Drawdown"
        note={
          <>
            Highest <Money value={peak} />
          </>
        }
      >
        <Shown isLive={isLive}>{drawdown === null ? <Unknown /> : drawdownText(drawdown)}</Shown>
      </Figure>
      <StoredFigures portfolio={portfolio} />
    </dl>
  );
}

function StoredFigures({ portfolio }: { portfolio: ReadPortfolio }) {
  const unit = portfolio.quote_asset;
  const cash = portfolio.balances.find(({ asset }) => asset === unit);
  return (
    <>
      <Figure
        label={`Free ${unit}`}
        note={
          <>
            <Money value={cash?.locked} /> in orders
          </>
        }
      >
        <Money value={cash?.free} />
      </Figure>
      <Figure label="Realised PnL" note={counted(portfolio.positions.length, "open position")}>
        <Pnl value={portfolio.realized_pnl} />
      </Figure>
      <Figure
        label="Orders"
        note={
          <>
            Since <Moment at={portfolio.created_at} />
          </>
        }
      >
        <span class="figures">{Number(portfolio.trade_count)}</span>
      </Figure>
    </>
  );
}

function Shown({ isLive, children }: { isLive: boolean; children: ComponentChildren }) {
  return <span class={isLive ? "figures" : "figures paper-stale"}>{children}</span>;
}

function NotLive({ readAt }: { readAt: Date }) {
  return (
    <span class="stale-word">
      <Icon name="alert" /> Not live, as of {shortMoment(readAt.toISOString())}
    </span>
  );
}
