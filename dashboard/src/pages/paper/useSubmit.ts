/** Sends a form's request once, however often it has to be asked about. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Sendable } from "../../api/json";
import { writeJson } from "../../api/json";
import { type Problem, problemOf } from "../../api/problem";
import { Attempt } from "./attempt";

export interface Submission<Body> {
  isBusy: boolean;
  problem: Problem | null;
  /** Nobody knows whether it happened; `submit` with the same body asks again. */
  isUnknown: boolean;
  submit: (body: Body) => void;
  /** Forget what went wrong. After an unknown outcome, the next submission is another one. */
  clear: () => void;
}

// The API keeps nothing of an order that it refuses for an old quote.
const NOTHING_KEPT = new Set(["QUOTE_STALE"]);

/** `send` gets the idempotency key; `done` the answer, where the form is still there. */
export function useSubmit<Body, Answer>(
  send: (body: Body, headers: Record<string, string>) => Promise<Answer>,
  done: (answer: Answer) => void,
): Submission<Body> {
  const attempt = useRef(new Attempt());
  const isThere = useRef(true);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(
    () => () => {
      isThere.current = false;
    },
    [],
  );

  const submit = async (body: Body) => {
    const key = attempt.current.keyFor(writeJson(body as Sendable));
    setBusy(true);
    setProblem(null);
    try {
      const answer = await send(body, { "Idempotency-Key": key });
      attempt.current.settle();
      if (isThere.current) done(answer);
    } catch (thrown) {
      const found = problemOf(thrown);
      if (!isOutcomeUnknown(found)) attempt.current.settle();
      setProblem(found);
    }
    setBusy(false);
  };
  return {
    isBusy,
    problem,
    isUnknown: problem !== null && isOutcomeUnknown(problem),
    submit: (body) => void submit(body),
    clear: () => {
      attempt.current.settle();
      setProblem(null);
    },
  };
}

function isOutcomeUnknown(problem: Problem): boolean {
  return problem.isOutcomeUnknown && !NOTHING_KEPT.has(problem.code);
}
