/** Calls that move money: once, however often one has to ask. */
import { type Problem, problemOf } from "../../api/problem";

interface Attempt<Body> {
  key: string;
  body: Body;
}

/**
 * Makes calls with an Idempotency-Key each. As long as nobody knows what became of one, the next
 * call is that one again: the same body under the same key, which cannot be carried out twice.
 */
export class Attempts<Body, Answer> {
  readonly #post: (body: Body, key: string) => Promise<Answer>;
  readonly #newKey: () => string;
  #unsettled: Attempt<Body> | null = null;

  constructor(
    post: (body: Body, key: string) => Promise<Answer>,
    newKey: () => string = randomKey,
  ) {
    this.#post = post;
    this.#newKey = newKey;
  }

  /** Makes a call, or repeats the one whose outcome is not known. @throws Problem */
  async make(body: Body): Promise<Answer> {
    this.#unsettled ??= { key: this.#newKey(), body };
    const attempt = this.#unsettled;
    try {
      const answer = await this.#post(attempt.body, attempt.key);
      this.#unsettled = null;
      return answer;
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!isUnsettled(problem)) this.#unsettled = null;
      throw problem;
    }
  }

  /** Gives up asking what became of the last one; the next call is a new one. */
  forget(): void {
    this.#unsettled = null;
  }
}

/** Whether an order may have been placed all the same, although its call failed. */
export function isUnsettled(problem: Problem): boolean {
  // A limit that denied it, or the price that it could not be judged by: it never left.
  const isDenied = Boolean(problem.details.limit_type) || problem.code === "QUOTE_STALE";
  return problem.isOutcomeUnknown && !isDenied;
}

/** A key that nobody has used. `randomUUID` would need a page that came over TLS. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
