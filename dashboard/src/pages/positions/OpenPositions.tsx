/** Open positions at live prices, and the way out of them. */
import { useComputed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Schema } from "../../api/client";
import { isStale, quoteOf, usePrices } from "../../live/prices";
import { openPositions, type Position } from "../../live/private";
import { isLive } from "../../live/socket";
import { href } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { recoverFocus } from "../../ui/focus";
import { Moment } from "../../ui/Moment";
import { Change, Money, Pnl, Price, Unknown } from "../../ui/numbers";
import { Empty, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { LastPrice, StaleWord } from "../market/LivePrice";
import { ClosePosition } from "./ClosePosition";
import { NotLive } from "./NotLive";
import { resultWord, worthAt } from "./worth";

type Symbols = ReadonlyMap<string, Schema<"TradedSymbol">>;

export function OpenPositions({ symbols }: { symbols: Symbols }) {
  const closing = useSignal<Position | null>(null);
  const positions = openPositions.value;
  usePrices(useMemo(() => positions?.map(({ symbol }) => symbol) ?? [], [positions]));
  const close = (position: Position) => {
    closing.value = position;
  };
  return (
    <Card title={titled("Open positions", positions)} actions={<NotLive />} isFlush>
      {positions === null ? (
        <Skeleton lines={4} />
      ) : positions.length === 0 ? (
        <Empty
          icon="layers"
          title="Nothing is held."
          action={<a href={href("market")}>To the market</a>}
        >
          A purchase that fills opens a position.
        </Empty>
      ) : (
        <Table
          caption="Positions at live prices"
          columns={columnsOf(symbols, close)}
          rows={positions}
          keyOf={({ position_id }) => position_id}
          classOf={() => (isLive.value ? "" : "stale")}
        />
      )}
      {closing.value && (
        <ClosePosition
          position={closing.value}
          symbol={symbols.get(closing.value.symbol)}
          onClose={() => {
            closing.value = null;
            recoverFocus();
          }}
        />
      )}
    </Card>
  );
}

/** A heading with how many there are, once that is known. */
export function titled(title: string, items: readonly unknown[] | null): string {
  return items === null || items.length === 0 ? title : `${title} (${items.length})`;
}

function columnsOf(symbols: Symbols, close: (position: Position) => void): Column<Position>[] {
  const tickOf = ({ symbol }: Position) => symbols.get(symbol)?.tick_size;
  return [
    { title: "Symbol", cell: ({ symbol }) => <a href={href("market", symbol)}>{symbol}</a> },
    { title: "Unrealised PnL", isNumber: true, cell: (each) => <Unrealised of={each} /> },
    { title: "Mark", isNumber: true, cell: (each) => <Mark of={each} tick={tickOf(each)} /> },
    {
      title: "Entry",
      isNumber: true,
      cell: (each) => <Price value={each.entry_price} step={tickOf(each)} />,
    },
    { title: "Quantity", isNumber: true, cell: ({ quantity }) => <Price value={quantity} /> },
    { title: "Value", isNumber: true, cell: (each) => <Value of={each} /> },
    { title: "Opened", isMinor: true, cell: (each) => <Moment at={each.opened_at} /> },
    {
      title: "Actions",
      isTitleHidden: true,
      isNumber: true,
      cell: (each) => (
        <Button isSmall label={`Close ${each.symbol} at market`} onClick={() => close(each)}>
          Close
        </Button>
      ),
    },
  ];
}

function Mark({ of, tick }: { of: Position; tick: Position["entry_price"] | undefined }) {
  return (
    <>
      {tick === undefined ? <Unknown /> : <LastPrice symbol={of.symbol} tick={tick} />}{" "}
      <StaleWord symbol={of.symbol} />
    </>
  );
}

/** A position at its last price, which may be an old one; null before the first. */
function useWorth(position: Position) {
  const worth = useComputed(() => {
    const quote = quoteOf(position.symbol).value;
    return quote && worthAt(position, quote.price);
  }).value;
  return { worth, look: isStale(position.symbol).value ? "stale-figures" : "" };
}

function Value({ of }: { of: Position }) {
  const { worth, look } = useWorth(of);
  return (
    <span class={look}>
      <Money value={worth?.value} unit={of.quote_asset} />
    </span>
  );
}

function Unrealised({ of }: { of: Position }) {
  const { worth, look } = useWorth(of);
  if (!worth) return <Unknown />;
  return (
    <span class={`pnl-pair ${look}`}>
      <Pnl value={worth.pnl} /> <Change value={worth.change} />
      <span class="visually-hidden">{resultWord(worth.pnl)}</span>
    </span>
  );
}
