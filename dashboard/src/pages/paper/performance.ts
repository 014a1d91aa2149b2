/** How a session has done: what it began with, won or lost, and how far it has fallen. */
import type Big from "big.js";
import type { Schema } from "../../api/client";
import { big, type Decimal, type Exact, format, signOf } from "../../money/decimal";

export type Session = Schema<"SessionAnswer">;
export type Portfolio = Schema<"PortfolioAnswer">;
export type EquityPoint = Schema<"EquityPointAnswer">;

/** What was won or lost, in money and in percent of what there was. */
export interface Result {
  money: Big;
  /** Null where there was nothing to begin with. */
  percent: Big | null;
}

/** Whether a session began with what another one held. */
export function isFork({ forked_from, generation }: Session): boolean {
  return forked_from !== null && Number(generation) === 1;
}

/** What a session began with; a fork with its origin's worth, which only its curve tells. */
export function openingEquity(
  session: Session,
  points: readonly EquityPoint[] | null,
): Decimal | null {
  if (!isFork(session)) return session.initial_balance;
  return points?.[0]?.equity ?? null;
}

/** By how many percent something changed; null where it was nothing. */
export function percentChange(from: Exact, to: Exact): Big | null {
  if (signOf(from) === 0) return null;
  return big(to).minus(big(from)).div(big(from)).times(100);
}

/** The result of a session; null while either end of it is not known. */
export function resultOf(opening: Exact | null, equity: Exact | null): Result | null {
  if (opening === null || equity === null) return null;
  return { money: big(equity).minus(big(opening)), percent: percentChange(opening, equity) };
}

/** The highest equity so far; null without any. */
export function peakOf(points: readonly EquityPoint[]): Big | null {
  let peak: Big | null = null;
  for (const { equity } of points) {
    const found = big(equity);
    if (peak === null || found.gt(peak)) peak = found;
  }
  return peak;
}

/** How far a worth lies below the highest one, as a share of that. */
export function drawdownFrom(peak: Big | null, equity: Exact | null): Big | null {
  if (peak === null || equity === null) return null;
  if (peak.lte(0) || peak.lte(big(equity))) return big(0);
  return peak.minus(big(equity)).div(peak);
}

/** A drawdown as people read it: `−1.25%`; one too small to be seen is not told as none. */
export function drawdownText(share: Exact): string {
  const percent = big(share).times(100);
  if (percent.lte(0)) return "None";
  if (percent.lt("0.005")) return "Under 0.01%";
  return `${format(percent.times(-1), { places: 2 })}%`;
}

/** A share such as a win rate: `62.5%`. */
export function shareText(share: Exact): string {
  return `${format(big(share).times(100), { upTo: 1 })}%`;
}

/** What a session is called. */
export function nameOf({ name, session_id }: Pick<Session, "name" | "session_id">): string {
  return name.trim() === "" ? `Session ${session_id.slice(0, 8)}` : name;
}

/** Whether a session takes orders. */
export function isActive({ status }: Pick<Session, "status">): boolean {
  return status === "ACTIVE";
}

/** A number of things in words: `1 position`, `2 positions`. */
export function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}
