/** A session's trades: what was read, and what events told since. */
import type { Schema } from "../../api/client";

export type PaperTrade = Schema<"PaperTradeAnswer">;

/**
 * The trades that were read with what was told since, the newest first. What was told of a trade
 * beyond the pages that were read is left out: it comes with its page.
 */
export function mergedTrades(
  read: readonly PaperTrade[],
  told: ReadonlyMap<string, PaperTrade>,
  hasMore: boolean,
): PaperTrade[] {
  const byId = new Map(read.map((trade) => [trade.trade_id, trade]));
  const oldest = Math.min(...read.map(({ number }) => Number(number)));
  for (const trade of told.values()) {
    const known = byId.get(trade.trade_id);
    const isOnLaterPage = known === undefined && hasMore && Number(trade.number) < oldest;
    if (isOnLaterPage || (known && known.updated_at > trade.updated_at)) continue;
    byId.set(trade.trade_id, trade);
  }
  return [...byId.values()].sort((a, b) => Number(b.number) - Number(a.number));
}

/** What was told with one more event; an older one than what is known changes nothing. */
export function withTold(
  told: ReadonlyMap<string, PaperTrade>,
  trade: PaperTrade,
): ReadonlyMap<string, PaperTrade> {
  const known = told.get(trade.trade_id);
  if (known && known.updated_at > trade.updated_at) return told;
  return new Map(told).set(trade.trade_id, trade);
}

const TYPES: Record<string, string> = {
  MARKET: "Market",
  LIMIT: "Limit",
  STOP_LOSS_LIMIT: "Stop-loss limit",
  TAKE_PROFIT_LIMIT: "Take-profit limit",
};

/** The type of an order in words. */
export function typeText(type: string): string {
  return TYPES[type] ?? type;
}
