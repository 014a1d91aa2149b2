/** Which trades are listed: what the address says of it, and what the API is asked. */
import type { Trade } from "../../live/private";
import { href } from "../../shell/router";
import { startOfDay } from "./days";

export const STATUSES = [
  "FILLED",
  "PARTIALLY_FILLED",
  "NEW",
  "SUBMITTING",
  "CANCELED",
  "REJECTED",
  "EXPIRED",
  "UNKNOWN",
] as const;
export type Status = (typeof STATUSES)[number];

/** Filters that are set; what is left out lets everything through. */
export interface TradeFilters {
  symbol?: string | undefined;
  status?: Status | undefined;
  /** A day: trades that were made then or later. */
  since?: string | undefined;
}

/** Reads an address; what cannot be meant is as if it were not there. */
export function filtersOf(query: URLSearchParams): TradeFilters {
  const symbol = query.get("symbol")?.toUpperCase() ?? "";
  const since = query.get("since") ?? "";
  return {
    symbol: /^[A-Z0-9]{1,32}$/.test(symbol) ? symbol : undefined,
    status: STATUSES.find((status) => status === query.get("status")),
    since: startOfDay(since) === undefined ? undefined : since,
  };
}

/** The address of a filtered list. */
export function addressOf({ symbol, status, since }: TradeFilters): string {
  return href("history", undefined, { symbol, status, since });
}

/** What the API is asked. */
export function queryOf({ symbol, status, since }: TradeFilters) {
  return { symbol, status, since: since === undefined ? undefined : startOfDay(since) };
}

export function isFiltered({ symbol, status, since }: TradeFilters): boolean {
  return symbol !== undefined || status !== undefined || since !== undefined;
}

/** Whether the API would list a trade. */
export function matches(trade: Trade, filters: TradeFilters): boolean {
  const { symbol, status, since } = queryOf(filters);
  return (
    (symbol === undefined || trade.symbol === symbol) &&
    (status === undefined || trade.status === status) &&
    (since === undefined || trade.created_at >= since)
  );
}
