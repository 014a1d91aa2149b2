/** What a session holds, at live prices. */
import { useComputed } from "@preact/signals";
import type { Schema } from "../../api/client";
import { isStale, usePrices } from "../../live/prices";
import { big, type Decimal } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Change, Money, Pnl, Price, Unknown } from "../../ui/numbers";
import { Empty } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { DayChange, LastPrice, StaleWord } from "../market/LivePrice";
import type { Prefill } from "./OrderCard";
import { isActive, type Portfolio, percentChange } from "./performance";
import type { RulesOf } from "./rules";
import { livePriceOf } from "./worth";

type Position = Schema<"PaperPositionAnswer">;

export function Positions(props: {
  portfolio: Portfolio;
  rules: RulesOf;
  onSell: (prefill: Prefill) => void;
}) {
  const { portfolio, rules } = props;
  const { positions } = portfolio;
  usePrices(positions.map(({ symbol }) => symbol));
  const columns = columnsOf(rules);
  if (isActive(portfolio)) {
    columns.push({
      title: "Sell",
      isTitleHidden: true,
      isNumber: true,
      cell: ({ symbol }) => (
        <Button
          isSmall
          label={`Sell ${symbol} of this paper session`}
          onClick={() => props.onSell({ symbol, side: "SELL" })}
        >
          Sell…
        </Button>
      ),
    });
  }
  return (
    <Card
      title="Positions"
      class={isActive(portfolio) ? "paper-table paper-acted" : "paper-table"}
      isFlush
    >
      {positions.length === 0 ? (
        <Empty icon="layers" title="Nothing is held." />
      ) : (
        <Table
          caption="Positions of this paper session"
          columns={columns}
          rows={positions}
          keyOf={({ position_id }) => position_id}
        />
      )}
    </Card>
  );
}

function columnsOf(rules: RulesOf): Column<Position>[] {
  const tick = (symbol: string) => rules(symbol)?.tick_size;
  return [
    {
      title: "Symbol",
      cell: ({ symbol }) => (
        <>
          <strong>{symbol}</strong> <StaleWord symbol={symbol} />
        </>
      ),
    },
    { title: "Quantity", isNumber: true, cell: ({ quantity }) => <Price value={quantity} /> },
    {
      title: "Entry",
      isNumber: true,
      isMinor: true,
      cell: ({ entry_price, symbol }) => <Price value={entry_price} step={tick(symbol)} />,
    },
    {
      title: "Last",
      isNumber: true,
      cell: ({ symbol }) => {
        const step = tick(symbol);
        return step ? <LastPrice symbol={symbol} tick={step} /> : <Unknown />;
      },
    },
    {
      title: "24 h",
      isNumber: true,
      isMinor: true,
      cell: ({ symbol }) => <DayChange symbol={symbol} />,
    },
    {
      title: "Value",
      isNumber: true,
      isMinor: true,
      cell: (position) => <Value position={position} />,
    },
    { title: "Open PnL", isNumber: true, cell: (position) => <OpenPnl position={position} /> },
    {
      title: "Stop, target",
      isNumber: true,
      isMinor: true,
      cell: ({ stop_loss, take_profit, symbol }) => (
        <>
          <Guard price={stop_loss} step={tick(symbol)} />
          <span class="muted">, </span>
          <Guard price={take_profit} step={tick(symbol)} />
        </>
      ),
    },
  ];
}

function Guard({ price, step }: { price: Decimal | null; step: Decimal | undefined }) {
  return price === null ? <span class="muted">none</span> : <Price value={price} step={step} />;
}

function useValue({ symbol, quantity }: Position) {
  return useComputed(() => {
    const price = livePriceOf(symbol);
    return price === null ? null : big(price).times(big(quantity));
  });
}

function Value({ position }: { position: Position }) {
  return <Money value={useValue(position).value} unit={position.quote_asset} />;
}

function OpenPnl({ position }: { position: Position }) {
  const price = livePriceOf(position.symbol);
  const { entry_price, quantity, symbol } = position;
  if (price === null) {
    return <Unknown why={isStale(symbol).value ? "the price is not live" : "not known"} />;
  }
  return (
    <>
      <Pnl value={big(price).minus(big(entry_price)).times(big(quantity))} />{" "}
      <Change value={percentChange(entry_price, price)} />
    </>
  );
}
