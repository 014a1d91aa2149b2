/** Every session, how it goes, and the way to a new one. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { api } from "../../api/client";
import { usePagedList } from "../../api/resource";
import { connection } from "../../live/socket";
import { href } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Change, Money, Pnl, Unknown } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { PaperBadge, SessionStatus } from "./PaperBadge";
import { nameOf, resultOf, type Session } from "./performance";
import { StartDialog } from "./StartDialog";
import { type Standing, useStandings } from "./standings";
import { useWorth } from "./worth";

const SESSIONS_A_PAGE = 20;

export function SessionList() {
  const isStarting = useSignal(false);
  const sessions = usePagedList(
    (cursor, signal) =>
      api.get("/api/paper-trading/sessions", {
        query: { limit: SESSIONS_A_PAGE, cursor: cursor ?? null },
        signal,
      }),
    [],
  );
  const { reload } = sessions;
  useEffect(() => {
    let wasAway = false;
    return connection.subscribe(({ phase }) => {
      if (phase === "live" && wasAway) reload();
      wasAway = phase !== "live";
    });
  }, [reload]);
  const start = (
    <Button
      tone="primary"
      icon="plus"
      onClick={() => {
        isStarting.value = true;
      }}
    >
      Start a session
    </Button>
  );
  const isEmpty = sessions.value?.length === 0;
  return (
    <>
      <header class="page-head">
        <div class="row">
          <h1>Paper trading</h1>
          <PaperBadge />
        </div>
        {!isEmpty && sessions.value && start}
      </header>
      <Card title="Sessions" isFlush>
        <Loaded of={sessions}>
          {(all) => (isEmpty ? <NoSessions action={start} /> : <Sessions sessions={all} />)}
        </Loaded>
        <LoadMore of={sessions} />
      </Card>
      {isStarting.value && (
        <StartDialog
          onClose={() => {
            isStarting.value = false;
          }}
        />
      )}
    </>
  );
}

function NoSessions({ action }: { action: ComponentChildren }) {
  return (
    <Empty icon="flask" title="Try an idea before it costs anything" action={action}>
      A paper session trades the live market with simulated money: real prices, fees, queues and
      slippage. Branch off from any trade to see what another decision would have done.
    </Empty>
  );
}

interface Row {
  session: Session;
  standing: Standing | undefined;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    title: "Session",
    cell: ({ session, standing }) => (
      <span class="paper-named">
        <a class="paper-name" href={href("paper", session.session_id)}>
          {nameOf(session)}
        </a>
        <SessionStatus status={standing?.portfolio?.status ?? session.status} />
      </span>
    ),
  },
  { title: "Equity", isNumber: true, cell: (row) => <EquityCell {...row} /> },
  { title: "PnL", isNumber: true, cell: (row) => <PnlCell {...row} /> },
  {
    title: "Orders",
    isNumber: true,
    isMinor: true,
    cell: ({ standing }) =>
      standing?.portfolio ? Number(standing.portfolio.trade_count) : <Unknown />,
  },
  {
    title: "Started",
    isNumber: true,
    isMinor: true,
    cell: ({ session }) => <Moment at={session.created_at} />,
  },
];

function Sessions({ sessions }: { sessions: readonly Session[] }) {
  const names = sessions.map(({ session_id, updated_at }) => session_id + updated_at).join();
  // A list is another array with every rendering; it is to be read for another list only.
  const listed = useMemo(() => sessions, [names]);
  const standings = useStandings(listed);
  const rows = useMemo(
    () => listed.map((session) => ({ session, standing: standings.get(session.session_id) })),
    [listed, standings],
  );
  return (
    <Table
      caption="Paper sessions, newest first"
      columns={COLUMNS}
      rows={rows}
      keyOf={({ session }) => session.session_id}
    />
  );
}

function useRow({ standing }: Row) {
  const worth = useWorth(standing?.portfolio ?? null).value;
  return { worth, result: resultOf(standing?.opening ?? null, worth.equity) };
}

function EquityCell(row: Row) {
  const { worth } = useRow(row);
  if (row.standing?.problem) return <Unknown why={row.standing.problem.message} />;
  return (
    <>
      <span class={worth.isLive ? "" : "stale"}>
        <Money value={worth.equity} unit={row.session.quote_asset} />
      </span>
      {worth.equity !== null && !worth.isLive && <span class="paper-old">not live</span>}
    </>
  );
}

function PnlCell(row: Row) {
  const { worth, result } = useRow(row);
  return (
    <span class={worth.isLive ? "paper-result" : "paper-result paper-stale"}>
      <Pnl value={result?.money} />
      {result && <Change value={result.percent} />}
    </span>
  );
}
