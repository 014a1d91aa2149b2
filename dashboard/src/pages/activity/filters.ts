/** Which activity is listed: what the address says of it, and what the API is asked. */
import { href } from "../../shell/router";
import { startOfDay } from "../history/days";
import { type ActivityKind, isKind } from "./kinds";

/** Filters that are set; what is left out lets everything through. */
export interface ActivityFilters {
  kind?: ActivityKind | undefined;
  /** A day: what was done then or later. */
  since?: string | undefined;
}

/** Reads an address; what cannot be meant is as if it were not there. */
export function filtersOf(query: URLSearchParams): ActivityFilters {
  const kind = query.get("kind");
  const since = query.get("since") ?? "";
  return {
    kind: isKind(kind) ? kind : undefined,
    since: startOfDay(since) === undefined ? undefined : since,
  };
}

/** The address of a filtered list. */
export function addressOf({ kind, since }: ActivityFilters): string {
  return href("activity", undefined, { kind, since });
}

/** What the API is asked. */
export function queryOf({ kind, since }: ActivityFilters) {
  return { kind, since: since === undefined ? undefined : startOfDay(since) };
}
