/** What is read over REST for a component: on its way, there, or failed. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Problem, problemOf } from "./problem";

/** Something that is read, and how to read it again. */
export interface Resource<T> {
  /** What was read last; null until then. It stays while it is read again. */
  value: T | null;
  /** Why the latest reading failed, null where it did not. */
  problem: Problem | null;
  isLoading: boolean;
  reload: () => void;
  /** Put a newer value in its place, such as the answer to a PUT. */
  replace: (value: T) => void;
}

/**
 * Reads something as soon as a component is there, and again when `keys` change.
 *
 *     const trades = useResource((signal) => api.get("/api/trades", { signal }), []);
 *
 * Other keys mean another thing: the old value is gone at once.
 */
export function useResource<T>(
  read: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
): Resource<T> {
  const key = JSON.stringify(keys);
  const [held, hold] = useState<Held<T>>({ key, value: null, problem: null, isLoading: true });
  const reader = useRef(read);
  reader.current = read;
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const abort = new AbortController();
    hold((old) => ({ ...(old.key === key ? old : EMPTY), key, isLoading: true }));
    reader.current(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) hold({ key, value, problem: null, isLoading: false });
      },
      (thrown) => {
        if (abort.signal.aborted) return;
        hold((old) => ({ ...old, problem: problemOf(thrown), isLoading: false }));
      },
    );
    return () => abort.abort();
  }, [key, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const replace = useCallback(
    (value: T) => hold({ key, value, problem: null, isLoading: false }),
    [key],
  );
  const shown = held.key === key ? held : { ...EMPTY, key };
  return {
    value: shown.value,
    problem: shown.problem,
    isLoading: shown.isLoading,
    reload,
    replace,
  };
}

interface Held<T> {
  key: string;
  value: T | null;
  problem: Problem | null;
  isLoading: boolean;
}

const EMPTY = { value: null, problem: null, isLoading: true };

/** A part of a list, as every list of the API answers. */
export interface Page<Item> {
  items: readonly Item[];
  next_cursor: string | null;
}

/** A list that is read page by page. */
export interface PagedList<Item> extends Omit<Resource<readonly Item[]>, "replace"> {
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
}

/**
 * Reads a list, and more of it when asked.
 *
 *     const trades = usePagedList(
 *       (cursor, signal) =>
 *         api.get("/api/trades", { query: { symbol, ...(cursor && { cursor }) }, signal }),
 *       [symbol],
 *     );
 */
export function usePagedList<Item>(
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  keys: readonly unknown[],
): PagedList<Item> {
  const first = useResource((signal) => read(undefined, signal), keys);
  const [more, setMore] = useState<More<Item>>(NOTHING_MORE);
  // Pages belong to the first one that they follow.
  const following = more.after === first.value ? more : NOTHING_MORE;
  const cursor = following.last ? following.last.next_cursor : (first.value?.next_cursor ?? null);

  const loadMore = async () => {
    if (cursor === null || following.isLoading) return;
    const after = first.value;
    setMore({ ...following, after, isLoading: true, problem: null });
    try {
      const page = await read(cursor, new AbortController().signal);
      const items = [...following.items, ...page.items];
      setMore({ after, items, last: page, isLoading: false, problem: null });
    } catch (thrown) {
      setMore({ ...following, after, isLoading: false, problem: problemOf(thrown) });
    }
  };
  return {
    value: first.value && [...first.value.items, ...following.items],
    problem: first.problem ?? following.problem,
    isLoading: first.isLoading,
    reload: first.reload,
    hasMore: cursor !== null,
    isLoadingMore: following.isLoading,
    loadMore: () => void loadMore(),
  };
}

interface More<Item> {
  after: Page<Item> | null;
  items: readonly Item[];
  last: Page<Item> | null;
  isLoading: boolean;
  problem: Problem | null;
}

const NOTHING_MORE: More<never> = {
  after: null,
  items: [],
  last: null,
  isLoading: false,
  problem: null,
};
