/** Why there is no analysis, told plainly, and when to try again. */
import { type Problem, TIMED_OUT, UNREACHABLE } from "../../api/problem";

export interface Refusal {
  title: string;
  text: string;
  /** Milliseconds since the epoch; null where nobody knows. */
  retryAt: number | null;
}

const TITLES: Record<string, string> = {
  AI_UNAVAILABLE: "The model is not available",
  QUOTE_STALE: "There is no live price",
  VENUE_UNAVAILABLE: "The venue is not available",
  SERVICE_UNAVAILABLE: "Analyses are not available",
};

/** What a failed request for an analysis means; `failedAt` is when it failed. */
export function refusalOf({ code, details, message }: Problem, failedAt: number): Refusal {
  const { retry_after_s, limit_type } = details;
  const retryAt = retry_after_s ? failedAt + Math.ceil(Number(retry_after_s)) * 1_000 : null;
  if (code === "RATE_LIMITED") {
    const isBudget = limit_type === "daily_ai_budget";
    const title = isBudget ? "Your budget of today is spent" : "Too many analyses at once";
    return { title, text: message, retryAt };
  }
  if (code === TIMED_OUT || code === UNREACHABLE) {
    const text = "It may still be made, and is then in the list below. Asking again is safe.";
    return { title: "The answer did not arrive", text, retryAt };
  }
  const text = code === "QUOTE_STALE" ? "An analysis starts from one, so none was made." : message;
  return { title: TITLES[code] ?? details.title, text, retryAt };
}
