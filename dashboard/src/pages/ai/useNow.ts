import { useEffect, useState } from "preact/hooks";

/** The time, every second again until a moment has come. */
export function useNow(until: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const look = () => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(clock);
    };
    const clock = setInterval(look, 1_000);
    look();
    return () => clearInterval(clock);
  }, [until]);
  return now;
}

// Longer than this a timer does not wait; it looks again then.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Whether a moment has passed; changes once, when it does. */
export function useHasPassed(iso: string | undefined): boolean {
  const moment = iso === undefined ? Number.POSITIVE_INFINITY : Date.parse(iso);
  const [lookedAt, look] = useState(0);
  useEffect(() => {
    const left = moment - Date.now();
    if (left <= 0 || left === Number.POSITIVE_INFINITY) return;
    const due = setTimeout(() => look(Date.now()), Math.min(left, LONGEST_WAIT_MS));
    return () => clearTimeout(due);
  }, [moment, lookedAt]);
  return moment <= Date.now();
}
