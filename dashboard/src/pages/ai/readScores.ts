/** What the scorecard counts: everybody's signals by day, or one's own one by one. */
import { api, type Schema } from "../../api/client";
import type { Page } from "../../api/resource";
import type { Analysis } from "./analysis";
import { sinceDay } from "./scores";

export const MOST_DAYS = 90;
const DAYS_PAGE = 1_000;
const OWN_PAGE = 500;
// More of one's own than this are not read for a few rates; the card says so.
const MOST_OWN_PAGES = 4;
export const MOST_OWN = OWN_PAGE * MOST_OWN_PAGES;

/** Every day of the longest span; who looks at a shorter one leaves some out. */
export async function readDays(
  symbol: string | null,
  signal: AbortSignal,
): Promise<Schema<"SignalDay">[]> {
  const days: Schema<"SignalDay">[] = [];
  let cursor: string | null = null;
  do {
    const query = { symbol, days: MOST_DAYS, limit: DAYS_PAGE, cursor };
    const page: Page<Schema<"SignalDay">> = await api.get("/api/analytics/signals", {
      query,
      signal,
    });
    days.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return days;
}

/** One's own analyses of the longest span; `isWhole` unless there are more of them. */
export async function readOwn(
  symbol: string | null,
  signal: AbortSignal,
): Promise<{ analyses: Analysis[]; isWhole: boolean }> {
  const since = sinceDay(MOST_DAYS, Date.now());
  const analyses: Analysis[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_OWN_PAGES; page += 1) {
    const query = { symbol, limit: OWN_PAGE, cursor };
    const found: Page<Schema<"KeptAnalysis">> = await api.get("/api/ai/analyses", {
      query,
      signal,
    });
    analyses.push(...found.items);
    const oldest = found.items.at(-1)?.created_at ?? "";
    if (found.next_cursor === null || oldest < since) return { analyses, isWhole: true };
    cursor = found.next_cursor;
  }
  return { analyses, isWhole: false };
}
