/** Numbers on the page; a sign or an arrow always stands beside a colour. */
import type { ComponentChildren } from "preact";
import { type Exact, format, formatByStep, formatPercent, signOf } from "../money/decimal";

const TONE = { "-1": "down", "0": "", "1": "up" } as const;
const ARROW = { "-1": "▼", "0": "", "1": "▲" } as const;

/** What stands where a number is not known: never a zero. */
export function Unknown({ why = "not known" }: { why?: string }) {
  return (
    <span class="unknown" title={why}>
      <span aria-hidden="true">–</span>
      <span class="visually-hidden">{why}</span>
    </span>
  );
}

/** A price or quantity with the digits that its tick or step has. */
export function Price({
  value,
  step,
}: {
  value: Exact | null | undefined;
  step?: Exact | undefined;
}) {
  if (value === null || value === undefined) return <Unknown />;
  return (
    <span class="figures">{step ? formatByStep(value, step) : format(value, { upTo: 8 })}</span>
  );
}

/** Money in the quote asset, with two digits after the point. */
export function Money({ value, unit }: { value: Exact | null | undefined; unit?: string }) {
  if (value === null || value === undefined) return <Unknown />;
  return (
    <span class="figures">
      {format(value, { places: 2 })}
      {unit && <span class="unit"> {unit}</span>}
    </span>
  );
}

/** A gain or a loss: sign and colour. */
export function Pnl({ value, unit }: { value: Exact | null | undefined; unit?: string }) {
  if (value === null || value === undefined) return <Unknown />;
  return (
    <span class={`figures ${TONE[signOf(value)]}`}>
      {format(value, { places: 2, signed: true })}
      {unit && <span class="unit"> {unit}</span>}
    </span>
  );
}

/** A change in percent: arrow, sign and colour. */
export function Change({ value }: { value: Exact | null | undefined }) {
  if (value === null || value === undefined) return <Unknown />;
  const sign = signOf(value);
  return (
    <span class={`figures change ${TONE[sign]}`}>
      <span aria-hidden="true" class="arrow">
        {ARROW[sign]}
      </span>
      {formatPercent(value)}
    </span>
  );
}

/** BUY or SELL, Long or Short: a word in its colour. */
export function SideBadge({ side }: { side: string }) {
  const rises = side === "BUY" || side === "LONG" || side === "Long";
  const falls = side === "SELL" || side === "SHORT" || side === "Short";
  return <Badge tone={rises ? "up" : falls ? "down" : "neutral"}>{side}</Badge>;
}

export type BadgeTone = "neutral" | "accent" | "up" | "down" | "warning";

/** A word with a background. */
export function Badge({
  tone = "neutral",
  children,
}: {
  tone?: BadgeTone;
  children: ComponentChildren;
}) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

/** Which tone the status of an order has. */
export function statusTone(status: string): BadgeTone {
  if (status === "FILLED") return "up";
  if (status === "REJECTED") return "down";
  if (status === "UNKNOWN") return "warning";
  return status === "NEW" || status === "PARTIALLY_FILLED" || status === "SUBMITTING"
    ? "accent"
    : "neutral";
}

/** The status of an order, as a word. */
export function StatusBadge({ status }: { status: string }) {
  return <Badge tone={statusTone(status)}>{status.replaceAll("_", " ")}</Badge>;
}
