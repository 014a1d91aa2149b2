/** Where one is: `#/<page>/<parameter>?<query>`. */
import { signal } from "@preact/signals";
import { isPageName, type PageName } from "./pages";

/** A place of the dashboard. */
export interface Route {
  page: PageName;
  /** What follows the page's name, such as a symbol or an id. */
  parameter: string | undefined;
  query: URLSearchParams;
}

export const HOME: PageName = "market";

/** Reads an address; what leads nowhere leads home. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name = "", parameter] = path.split("/", 2);
  const known = isPageName(name);
  return {
    page: known ? name : HOME,
    parameter: known && parameter ? decoded(parameter) : undefined,
    query: new URLSearchParams(query),
  };
}

/** The address of a place, for `<a href>`. */
export function href(
  page: PageName,
  parameter?: string,
  query: Record<string, string | undefined> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const path = parameter === undefined ? page : `${page}/${encodeURIComponent(parameter)}`;
  return search.size > 0 ? `#/${path}?${search}` : `#/${path}`;
}

/** Where one is now. */
export const route = signal<Route>(
  parseRoute(typeof location === "undefined" ? "" : location.hash),
);

/** Goes somewhere. `replace`: the way back leads past here. */
export function navigate(address: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", address);
    route.value = parseRoute(address);
  } else location.hash = address;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

if (typeof window !== "undefined") {
  window.addEventListener("hashchange", () => {
    route.value = parseRoute(location.hash);
  });
}
