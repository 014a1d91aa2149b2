import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Schema } from "../../api/client";
import { type PagedList, usePagedList } from "../../api/resource";
import { onPrivate, type Trade } from "../../live/private";
import { isLive } from "../../live/socket";
import { queryOf, type TradeFilters } from "./filters";
import { withNews } from "./liveList";

export type ColdRange = Schema<"ColdRangeAnswer">;

/** One's trades as they are now, and what of those asked for is in cold storage. */
export interface Trades extends PagedList<Trade> {
  cold: readonly ColdRange[];
}

/** Reads trades, newest first, and keeps up with what becomes of them. */
export function useTrades(filters: TradeFilters): Trades {
  const cold = useSignal<readonly ColdRange[]>([]);
  const list = usePagedList<Trade>(
    async (cursor, signal) => {
      const query = { ...queryOf(filters), cursor };
      const page = await api.get("/api/trades", { query, signal });
      cold.value = page.cold;
      return page;
    },
    [filters],
  );
  const heard = useHeard();
  useAgainWhenLive(list.reload);
  const value = list.value && withNews(list.value, heard, filters, list.hasMore);
  return { ...list, value, cold: list.value === null ? [] : cold.value };
}

function useHeard(): ReadonlyMap<string, Trade> {
  const [heard, setHeard] = useState<ReadonlyMap<string, Trade>>(new Map());
  useEffect(
    () =>
      onPrivate(({ type, data }) => {
        if (type !== "order_update" || data.session_id !== undefined) return;
        const trade = data as unknown as Trade;
        setHeard((before) => new Map(before).set(trade.trade_id, trade));
      }),
    [],
  );
  return heard;
}

/** What happened while nothing was heard is read. */
function useAgainWhenLive(reload: () => void): void {
  const wasDown = useRef(false);
  const isUp = isLive.value;
  useEffect(() => {
    if (isUp && wasDown.current) reload();
    wasDown.current = !isUp;
  }, [isUp, reload]);
}
