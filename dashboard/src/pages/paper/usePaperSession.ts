/** One session as it is read, kept up to date by its events. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import { type PagedList, type Resource, usePagedList, useResource } from "../../api/resource";
import { onPrivate } from "../../live/private";
import { connection, listen } from "../../live/socket";
import { soon } from "./debounce";
import type { Portfolio } from "./performance";
import { mergedTrades, type PaperTrade, withTold } from "./trades";

const TRADES_A_PAGE = 50;
const REREAD_AFTER_MS = 300;
const REREAD_WITHIN_MS = 1_500;

/** A portfolio, and when it was read. */
export type ReadPortfolio = Portfolio & { readAt: Date };

export function usePaperSession(sessionId: string, heard: (trade: PaperTrade) => void) {
  const path = { session_id: sessionId };
  const portfolio: Resource<ReadPortfolio> = useResource(
    async (signal) =>
      asRead(await api.get("/api/paper-trading/sessions/{session_id}", { path, signal })),
    [sessionId],
  );
  const equity = useResource(
    (signal) => api.get("/api/paper-trading/sessions/{session_id}/equity", { path, signal }),
    [sessionId],
  );
  const pages = usePagedList(
    (cursor, signal) =>
      api.get("/api/paper-trading/sessions/{session_id}/trades", {
        path,
        query: { limit: TRADES_A_PAGE, cursor: cursor ?? null },
        signal,
      }),
    [sessionId],
  );
  const [told, setTold] = useState<ReadonlyMap<string, PaperTrade>>(new Map());
  const hear = useRef(heard);
  hear.current = heard;

  const rereadPortfolio = () => {
    portfolio.reload();
    equity.reload();
  };
  const rereadAll = () => {
    rereadPortfolio();
    pages.reload();
  };
  useOwnEvents(sessionId, rereadPortfolio, rereadAll, (trade) => {
    setTold((before) => withTold(before, trade));
    hear.current(trade);
  });

  const trades: PagedList<PaperTrade> = useMemo(
    () => ({
      ...pages,
      value: pages.value && mergedTrades(pages.value, told, pages.hasMore),
    }),
    [pages, told],
  );
  return {
    portfolio,
    equity,
    trades,
    /** Takes what the API answered with, and reads what follows from it. */
    take(answer: Portfolio) {
      portfolio.replace(asRead(answer));
      rereadAll();
    },
    takeTrade(trade: PaperTrade) {
      setTold((before) => withTold(before, trade));
      rereadPortfolio();
    },
  };
}

function asRead(portfolio: Portfolio): ReadPortfolio {
  return { ...portfolio, readAt: new Date() };
}

/** Reads again soon after an event of the session, and everything after a lost connection. */
function useOwnEvents(
  sessionId: string,
  changed: () => void,
  lost: () => void,
  traded: (trade: PaperTrade) => void,
): void {
  const latest = useRef({ changed, lost, traded });
  latest.current = { changed, lost, traded };
  useEffect(() => {
    const reread = soon(() => latest.current.changed(), REREAD_AFTER_MS, REREAD_WITHIN_MS);
    const rereadAll = soon(() => latest.current.lost(), REREAD_AFTER_MS, REREAD_WITHIN_MS);
    const stopHearing = onPrivate(({ type, data }) => {
      if (data.session_id !== sessionId) return;
      if (type === "order_update") latest.current.traded(data as unknown as PaperTrade);
      reread.ask();
    });
    const stopListening = listen("orders", { lost: rereadAll.ask });
    let wasAway = false;
    const stopWatching = connection.subscribe(({ phase }) => {
      if (phase === "live" && wasAway) rereadAll.ask();
      wasAway = phase !== "live";
    });
    return () => {
      stopHearing();
      stopListening();
      stopWatching();
      reread.cancel();
      rereadAll.cancel();
    };
  }, [sessionId]);
}
