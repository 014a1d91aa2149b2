/** The analyses that one has asked for, newest first. */
import { useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { usePagedList } from "../../api/resource";
import { TIMEFRAMES, type Timeframe } from "../../chart/candles";
import { format } from "../../money/decimal";
import { href } from "../../shell/router";
import { Card } from "../../ui/Card";
import { Select } from "../../ui/Field";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Price, Unknown } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import type { TradedSymbol } from "../market/symbols";
import { type Analysis, confidenceText } from "./analysis";
import { OutcomeCell } from "./OutcomeCell";
import { SignalWord } from "./SignalWord";
import { useAnalysisNews } from "./useAnalysisNews";

const PAGE = 20;

export function EarlierAnalyses({ symbols }: { symbols: readonly TradedSymbol[] }) {
  const symbol = useSignal("");
  const timeframe = useSignal<Timeframe | "">("");
  const wanted = { symbol: symbol.value || null, timeframe: timeframe.value || null };
  const list = usePagedList(
    (cursor, signal) =>
      api.get("/api/ai/analyses", {
        query: { ...wanted, limit: PAGE, cursor: cursor ?? null },
        signal,
      }),
    [wanted.symbol, wanted.timeframe],
  );
  useAnalysisNews(wanted.symbol, list.reload);
  const filters = (
    <>
      <Select
        label="Symbol"
        isLabelHidden
        value={symbol.value}
        choices={[
          ["", "All symbols"],
          ...symbols.map((each) => [each.symbol, each.symbol] as const),
        ]}
        onChange={(chosen) => {
          symbol.value = chosen;
        }}
      />
      <Select
        label="Timeframe"
        isLabelHidden
        value={timeframe.value}
        choices={[["", "All timeframes"], ...TIMEFRAMES.map((each) => [each, each] as const)]}
        onChange={(chosen) => {
          timeframe.value = chosen;
        }}
      />
    </>
  );
  return (
    <Card title="Earlier analyses" class="earlier" actions={filters} isFlush>
      <Loaded of={list} lines={6}>
        {(items) =>
          items.length === 0 ? (
            <Empty
              icon="spark"
              title={symbol.value || timeframe.value ? "None of these." : "No analyses yet."}
            >
              Those that you ask for are kept here, with what became of them.
            </Empty>
          ) : (
            <Table
              caption="Earlier analyses, newest first"
              columns={columnsWith(symbols)}
              rows={items}
              keyOf={(analysis) => analysis.analysis_id}
            />
          )
        }
      </Loaded>
      <LoadMore of={list} />
    </Card>
  );
}

function columnsWith(symbols: readonly TradedSymbol[]): Column<Analysis>[] {
  const tickOf = (name: string) => symbols.find(({ symbol }) => symbol === name)?.tick_size;
  return [
    {
      title: "Market",
      cell: ({ analysis_id, symbol, timeframe, created_at }) => (
        <>
          <a class="earlier-link" href={href("analyses", analysis_id)}>
            {symbol} <span class="unit">{timeframe}</span>
          </a>
          <span class="earlier-time">
            <Moment at={created_at} />
          </span>
        </>
      ),
    },
    { title: "Signal", cell: ({ signal }) => <SignalWord signal={signal} /> },
    {
      title: "Confidence",
      isNumber: true,
      isMinor: true,
      cell: ({ confidence }) => <span class="figures">{confidenceText(confidence)}</span>,
    },
    {
      title: "Entry",
      isNumber: true,
      isMinor: true,
      cell: ({ suggested_entry, symbol }) =>
        suggested_entry === null ? (
          <Unknown why="none suggested" />
        ) : (
          <Price value={suggested_entry} step={tickOf(symbol)} />
        ),
    },
    {
      title: "Risk to reward",
      isNumber: true,
      isMinor: true,
      cell: ({ risk_reward_ratio: ratio }) =>
        ratio === null ? (
          <Unknown why="none suggested" />
        ) : (
          <span class="figures">1 : {format(ratio, { places: 2 })}</span>
        ),
    },
    { title: "Outcome", cell: (analysis) => <OutcomeCell analysis={analysis} /> },
    {
      title: "Made",
      isNumber: true,
      isMinor: true,
      cell: ({ created_at }) => <Moment at={created_at} />,
    },
  ];
}
