/** A list of trades as it was read, and what was heard of them since. */
import type { Trade } from "../../live/private";
import { matches, type TradeFilters } from "./filters";

/**
 * The list as the API would answer it now, as far as is known.
 *
 * `hasMore`: what is older than its last trade was not read yet, and has no place in it.
 */
export function withNews(
  listed: readonly Trade[],
  heard: ReadonlyMap<string, Trade>,
  filters: TradeFilters,
  hasMore: boolean,
): Trade[] {
  const oldest = hasMore ? listed.at(-1) : undefined;
  const known = new Map(listed.map((trade) => [trade.trade_id, trade]));
  for (const [id, news] of heard) {
    const before = known.get(id);
    const isNewer = before === undefined || before.updated_at <= news.updated_at;
    const hasPlace = before !== undefined || oldest === undefined || isBefore(news, oldest);
    if (isNewer && hasPlace) known.set(id, news);
  }
  const shown = [...known.values()].filter((trade) => matches(trade, filters));
  return shown.sort((one, other) => (isBefore(one, other) ? -1 : 1));
}

/** Newest first; trades of the same moment by their id, as the API has them. */
function isBefore(one: Trade, other: Trade): boolean {
  if (one.created_at !== other.created_at) return one.created_at > other.created_at;
  return one.trade_id > other.trade_id;
}
