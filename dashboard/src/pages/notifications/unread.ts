/** How many notifications wait to be read, for the navigation and for the list. */
import { signal } from "@preact/signals";
import { api } from "../../api/client";
import { onPrivate } from "../../live/private";

/** What is known of unread notifications. */
export interface Unread {
  count: number;
  /** When the newest of them was written; null where there is none. */
  newestAt: string | null;
}

/** Unread notifications; null until they are known. */
export const unread = signal<Unread | null>(null);

// Notifications have no channel of their own. What they tell of mostly has; the rest waits.
const SOON_MS = 1_500;
const LATER_MS = 60_000;

let reading = 0;

/** Reads the count again; a failure leaves what was known. */
export async function rereadUnread(): Promise<void> {
  reading += 1;
  const turn = reading;
  try {
    const page = await api.get("/api/notifications", { query: { unread: true, limit: 1 } });
    if (turn !== reading) return;
    unread.value = {
      count: Number(page.unread),
      newestAt: page.items[0]?.created_at ?? null,
    };
  } catch {
    // The list itself tells what is wrong.
  }
}

/** Keeps the count up to date until the function that is returned is called. */
export function watchUnread(): () => void {
  let due: ReturnType<typeof setTimeout> | undefined;
  const look = (afterMs: number) => {
    clearTimeout(due);
    due = setTimeout(() => {
      if (!document.hidden) void rereadUnread();
      look(LATER_MS);
    }, afterMs);
  };
  const stopHearing = onPrivate(() => look(SOON_MS));
  const onVisible = () => {
    if (!document.hidden) look(0);
  };
  document.addEventListener("visibilitychange", onVisible);
  look(0);
  return () => {
    reading += 1;
    clearTimeout(due);
    stopHearing();
    document.removeEventListener("visibilitychange", onVisible);
    unread.value = null;
  };
}
