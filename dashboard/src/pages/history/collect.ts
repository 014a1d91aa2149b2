/** Every page of a list, one after another. */
import { Problem } from "../../api/problem";
import type { Page } from "../../api/resource";

export interface Collecting {
  signal: AbortSignal;
  /** How many there are so far, after every page. */
  onProgress: (count: number) => void;
  /** Waits so many milliseconds. */
  wait?: (ms: number) => Promise<void>;
}

const MOST_WAITS = 10;

/**
 * Reads all of a list; where the API asks for patience, it is given.
 *
 * @throws DOMException `AbortError` once `signal` is aborted.
 */
export async function collectAll<Item>(
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  { signal, onProgress, wait = sleep }: Collecting,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const after = cursor;
    const page = await patiently(() => {
      signal.throwIfAborted();
      return read(after, signal);
    }, wait);
    for (const item of page.items) items.push(item);
    cursor = page.next_cursor;
    onProgress(items.length);
  }
  return items;
}

async function patiently<T>(read: () => Promise<T>, wait: (ms: number) => Promise<void>) {
  for (let waits = 0; ; waits += 1) {
    try {
      return await read();
    } catch (thrown) {
      const isTooFast = thrown instanceof Problem && thrown.code === "RATE_LIMITED";
      if (!isTooFast || waits === MOST_WAITS) throw thrown;
      await wait(Number(thrown.details.retry_after_s ?? 1) * 1000);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
