/** What went wrong, in one shape for everything that can: RFC 9457, and a lost connection. */
import type { Decimal } from "../money/decimal";

/** One field of a request that was refused. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** Codes of our own, beside those that the API answers with. */
export const UNREACHABLE = "UNREACHABLE";
export const TIMED_OUT = "TIMED_OUT";
export const UNREADABLE = "UNREADABLE";

/** The members of `application/problem+json` that the page looks at. */
export interface ProblemDetails {
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: readonly FieldProblem[] | null;
  limit_type?: string | null;
  current_value?: Decimal | null;
  limit_value?: Decimal | null;
  retry_after_s?: Decimal | null;
  /** The order that it is about. */
  trade_id?: string | null;
  requestId?: string | null;
}

/** A call that failed. `code` is stable and says which reaction it asks for. */
export class Problem extends Error {
  readonly details: ProblemDetails;

  constructor(details: ProblemDetails) {
    super(details.detail);
    this.name = "Problem";
    this.details = details;
  }

  get code(): string {
    return this.details.code;
  }

  get status(): number {
    return this.details.status;
  }

  /** Whether nobody knows if the call was carried out: its answer never came. */
  get isOutcomeUnknown(): boolean {
    return this.code === UNREACHABLE || this.code === TIMED_OUT || this.status >= 500;
  }

  /** What is wrong with a field, by its path, such as `quantity`. */
  fieldMessage(field: string): string | undefined {
    return this.details.errors?.find((each) => each.field === field)?.message;
  }
}

/** Whatever was thrown, as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
    return own(TIMED_OUT, "No answer", "The server did not answer in time.");
  }
  if (thrown instanceof TypeError) {
    return own(UNREACHABLE, "No connection", "The server cannot be reached.");
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return own(UNREADABLE, "Something went wrong", detail);
}

function own(code: string, title: string, detail: string): Problem {
  return new Problem({ code, title, detail, status: 0 });
}
