/** A session's orders as they were executed, and what each one left. */
import type { PagedList } from "../../api/resource";
import { format } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Badge, Money, Pnl, Price, SideBadge, StatusBadge, Unknown } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import type { Portfolio } from "./performance";
import type { RulesOf } from "./rules";
import { type PaperTrade, typeText } from "./trades";

export function TradesCard(props: {
  trades: PagedList<PaperTrade>;
  portfolio: Portfolio;
  rules: RulesOf;
  onFork: (trade: PaperTrade) => void;
}) {
  const { trades, portfolio } = props;
  const isEarlier = ({ generation }: PaperTrade) =>
    Number(generation) < Number(portfolio.generation);
  const columns = columnsOf(props.rules, isEarlier, props.onFork);
  return (
    <Card title="Trades" class="paper-table paper-acted" isFlush>
      <Loaded of={trades} lines={5}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="candles" title="No trade yet.">
              Every order appears here with what it cost against the price it was decided at.
            </Empty>
          ) : (
            <Table
              caption="Trades of this paper session, newest first"
              columns={columns}
              rows={all}
              keyOf={({ trade_id }) => trade_id}
              classOf={(trade) => (isEarlier(trade) ? "paper-earlier" : "")}
            />
          )
        }
      </Loaded>
      <LoadMore of={trades} />
    </Card>
  );
}

function columnsOf(
  rules: RulesOf,
  isEarlier: (trade: PaperTrade) => boolean,
  onFork: (trade: PaperTrade) => void,
): Column<PaperTrade>[] {
  return [
    {
      title: "No.",
      isNumber: true,
      cell: ({ number }) => <span class="muted">{Number(number)}</span>,
    },
    { title: "Time", cell: ({ timestamp }) => <Moment at={timestamp} /> },
    { title: "Symbol", cell: ({ symbol }) => <strong>{symbol}</strong> },
    { title: "Side", cell: ({ side }) => <SideBadge side={side} /> },
    { title: "Type", isMinor: true, cell: ({ type }) => typeText(type) },
    {
      title: "Status",
      cell: (trade) => (
        <>
          <StatusBadge status={trade.status} />
          {isEarlier(trade) && (
            <>
              {" "}
              <Badge>before reset</Badge>
            </>
          )}
          <Failure trade={trade} />
        </>
      ),
    },
    ...executionColumns(rules),
    {
      title: "Fork",
      isTitleHidden: true,
      isNumber: true,
      cell: (trade) => (
        <Button
          isSmall
          tone="quiet"
          icon="fork"
          label={`Fork from here: after paper order ${trade.number}`}
          onClick={() => onFork(trade)}
        >
          <span class="paper-fork-text">Fork from here</span>
        </Button>
      ),
    },
  ];
}

function Failure({ trade: { failure } }: { trade: PaperTrade }) {
  const detail = failure?.["detail"];
  return detail ? <span class="muted"> {detail}</span> : null;
}

function executionColumns(rules: RulesOf): Column<PaperTrade>[] {
  const tick = (symbol: string) => rules(symbol)?.tick_size;
  return [
    {
      title: "Filled",
      isNumber: true,
      cell: ({ executed_quantity }) => <Price value={executed_quantity} />,
    },
    {
      title: "Executed",
      isNumber: true,
      cell: ({ executed_price, symbol }) =>
        executed_price === null ? (
          <Unknown why="nothing has filled" />
        ) : (
          <Price value={executed_price} step={tick(symbol)} />
        ),
    },
    {
      title: "Reference",
      isNumber: true,
      cell: ({ reference_price, symbol }) => <Price value={reference_price} step={tick(symbol)} />,
    },
    {
      title: "Slippage, bps",
      isNumber: true,
      cell: ({ slippage_bps }) =>
        slippage_bps === null ? (
          <Unknown why="nothing has filled" />
        ) : (
          <span class="figures">{format(slippage_bps, { places: 2, signed: true })}</span>
        ),
    },
    { title: "Fee", isNumber: true, cell: (trade) => <Fee trade={trade} /> },
    {
      title: "Realised PnL",
      isNumber: true,
      cell: ({ realized_pnl }) =>
        realized_pnl === null ? (
          <Unknown why="it has closed nothing" />
        ) : (
          <Pnl value={realized_pnl} />
        ),
    },
    {
      title: "Balance after",
      isNumber: true,
      cell: ({ balance_after }) => <Money value={balance_after} />,
    },
  ];
}

function Fee({ trade: { commission, commission_asset: asset } }: { trade: PaperTrade }) {
  if (asset === null) return <Unknown why="nothing has filled" />;
  return (
    <span class="figures">
      {format(commission, { upTo: 8 })} <span class="unit">{asset}</span>
    </span>
  );
}
