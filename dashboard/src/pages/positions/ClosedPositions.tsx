/** Positions that were left, the last opened first. */
import { useEffect } from "preact/hooks";
import { api, type Schema } from "../../api/client";
import { usePagedList } from "../../api/resource";
import { onPrivate, type Position } from "../../live/private";
import { href } from "../../shell/router";
import { Card } from "../../ui/Card";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Pnl, Price } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { resultWord } from "./worth";

const PAGE = 20;

export function ClosedPositions(props: { symbols: ReadonlyMap<string, Schema<"TradedSymbol">> }) {
  const closed = usePagedList(
    (cursor, signal) =>
      api.get("/api/positions", {
        query: { state: "closed", limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
        signal,
      }),
    [],
  );
  const { reload } = closed;
  useEffect(
    () =>
      onPrivate(({ type, data }) => {
        const isOwn = data.session_id === undefined;
        if (type === "position_update" && isOwn && data["closed_at"] != null) reload();
      }),
    [reload],
  );
  return (
    <Card title="Closed positions" isFlush>
      <Loaded of={closed}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon="archive" title="No position was closed yet." />
          ) : (
            <Table
              caption="Positions that were left"
              columns={columnsOf(props.symbols)}
              rows={items}
              keyOf={({ position_id }) => position_id}
            />
          )
        }
      </Loaded>
      <LoadMore of={closed} />
    </Card>
  );
}

function columnsOf(symbols: ReadonlyMap<string, Schema<"TradedSymbol">>): Column<Position>[] {
  return [
    { title: "Symbol", cell: ({ symbol }) => <a href={href("market", symbol)}>{symbol}</a> },
    {
      title: "Entry",
      isNumber: true,
      cell: (each) => <Price value={each.entry_price} step={symbols.get(each.symbol)?.tick_size} />,
    },
    {
      title: "Realised PnL",
      isNumber: true,
      cell: ({ realized_pnl, quote_asset }) => (
        <>
          <Pnl value={realized_pnl} unit={quote_asset} />
          <span class="visually-hidden"> {resultWord(realized_pnl)}</span>
        </>
      ),
    },
    { title: "Opened", isMinor: true, cell: (each) => <Moment at={each.opened_at} /> },
    { title: "Closed", cell: (each) => <Moment at={each.closed_at} /> },
    { title: "Reason", cell: (each) => reasonOf(each.close_reason) },
  ];
}

function reasonOf(reason: string | null): string {
  if (reason === null) return "–";
  const words = reason.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
