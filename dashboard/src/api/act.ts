/** Something that a person does through the API: under way, done, or refused. */
import { useRef, useState } from "preact/hooks";
import { type Problem, problemOf } from "./problem";

/** An act that can be carried out, one at a time. */
export interface Act<Arguments extends unknown[]> {
  isBusy: boolean;
  /** Why it failed when it was tried last, null where it did not. */
  problem: Problem | null;
  /** Carries it out; nothing happens while it is under way already. */
  run: (...given: Arguments) => void;
  /** Forgets why it failed. */
  forget: () => void;
}

/**
 * Carries out an act when asked, and tells how it stands.
 *
 *     const save = useAct(async (changes: Changes) => {
 *       limits.replace(await api.put("/api/risk/limits", { body: changes }));
 *     });
 */
export function useAct<Arguments extends unknown[]>(
  act: (...given: Arguments) => Promise<void>,
): Act<Arguments> {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // Two presses can come before the page is drawn again.
  const isUnderWay = useRef(false);

  const run = async (...given: Arguments) => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await act(...given);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
    isUnderWay.current = false;
    setBusy(false);
  };
  return {
    isBusy,
    problem,
    run: (...given) => void run(...given),
    forget: () => setProblem(null),
  };
}
