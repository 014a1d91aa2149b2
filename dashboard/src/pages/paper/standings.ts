/** How the sessions of a list stand: each is read by itself, a few at once. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import { onPrivate } from "../../live/private";
import type { Decimal } from "../../money/decimal";
import { soon } from "./debounce";
import { isFork, openingEquity, type Portfolio, type Session } from "./performance";

/** What is known of a session beyond what the list tells. */
export interface Standing {
  portfolio: Portfolio | null;
  /** What it began with. */
  opening: Decimal | null;
  problem: Problem | null;
}

const AT_ONCE = 3;
const REREAD_AFTER_MS = 500;
const REREAD_WITHIN_MS = 2_000;

/** The standings by session, each again soon after one of its events. */
export function useStandings(sessions: readonly Session[]): ReadonlyMap<string, Standing> {
  const [standings, setStandings] = useState<ReadonlyMap<string, Standing>>(new Map());
  useEffect(() => {
    const abort = new AbortController();
    const read = async (session: Session) => {
      const standing = await readStanding(session, abort.signal);
      if (abort.signal.aborted) return;
      setStandings((before) => new Map(before).set(session.session_id, standing));
    };
    void eachOf(sessions, read, abort.signal);
    const changed = new Set<string>();
    const reread = soon(
      () => {
        const due = sessions.filter(({ session_id }) => changed.has(session_id));
        changed.clear();
        void eachOf(due, read, abort.signal);
      },
      REREAD_AFTER_MS,
      REREAD_WITHIN_MS,
    );
    const stopHearing = onPrivate(({ data }) => {
      if (data.session_id === undefined) return;
      changed.add(data.session_id);
      reread.ask();
    });
    return () => {
      abort.abort();
      stopHearing();
      reread.cancel();
    };
  }, [sessions]);
  return standings;
}

async function eachOf(
  sessions: readonly Session[],
  read: (session: Session) => Promise<void>,
  abort: AbortSignal,
): Promise<void> {
  const waiting = [...sessions];
  const work = async () => {
    for (let next = waiting.shift(); next && !abort.aborted; next = waiting.shift()) {
      await read(next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function readStanding(session: Session, signal: AbortSignal): Promise<Standing> {
  const path = { session_id: session.session_id };
  try {
    const portfolio = await api.get("/api/paper-trading/sessions/{session_id}", { path, signal });
    const points = isFork(portfolio)
      ? (await api.get("/api/paper-trading/sessions/{session_id}/equity", { path, signal })).points
      : null;
    return { portfolio, opening: openingEquity(portfolio, points), problem: null };
  } catch (thrown) {
    return { portfolio: null, opening: null, problem: problemOf(thrown) };
  }
}
