import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Mark } from "../../chart/Chart";
import { onPrivate, type Trade } from "../../live/private";

const MOST_TRADES = 200;

/** One's own fills of a symbol: those of the latest trades, and every one from now on. */
export function useFills(symbol: string): readonly Mark[] {
  const [marks, setMarks] = useState<readonly Mark[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const trades = new Map<string, Trade>();
    const take = (found: readonly Trade[]) => {
      for (const trade of found) trades.set(trade.trade_id, trade);
      setMarks([...trades.values()].flatMap(marksOf));
    };
    setMarks([]);
    const stop = onPrivate(({ type, data }) => {
      const trade = data as unknown as Trade;
      const isOwn = type === "order_update" && data.session_id === undefined;
      if (isOwn && trade.symbol === symbol && trade.fills.length > 0) take([trade]);
    });
    api
      .get("/api/trades", { query: { symbol, limit: MOST_TRADES }, signal: abort.signal })
      .then(({ items }) => take(items.filter(({ trade_id }) => !trades.has(trade_id))))
      // A chart without one's fills is still a chart; the history page tells what is wrong.
      .catch(() => {});
    return () => {
      abort.abort();
      stop();
    };
  }, [symbol]);
  return marks;
}

function marksOf({ side, fills }: Trade): Mark[] {
  const last = fills.at(-1);
  if (last === undefined) return [];
  const isBuy = side === "BUY";
  return [{ at: last.time, side: isBuy ? "BUY" : "SELL", text: isBuy ? "B" : "S" }];
}
