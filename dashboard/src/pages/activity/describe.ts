/** What an entry of the activity list is about, from its details. */
import type { Schema } from "../../api/client";
import { type Decimal, format } from "../../money/decimal";
import { href } from "../../shell/router";

export type Activity = Schema<"ActivityAnswer">;

/** A sentence's worth of details, and where there is more of it. */
export interface Subject {
  text: string;
  href?: string;
}

const STATES: Record<string, string> = {
  ACTIVE: "Trading is active",
  REDUCING: "Only orders that reduce are taken",
  HALTED: "No order leaves",
};

/** What an entry is about; null where its kind says it all. */
export function subjectOf({ kind, details }: Activity): Subject | null {
  const told = (name: string) => textOf(details[name]);
  const phrase = (...parts: readonly (string | undefined)[]) =>
    parts.filter((part) => part !== undefined).join(" ");
  switch (kind) {
    case "order_asked":
      return about(phrase(told("side"), told("symbol"), words(told("type"))), trade(details));
    case "paper_order_asked":
      return about(phrase(told("side"), told("symbol"), words(told("type"))), session(details));
    case "cancel_asked":
      return about("See the order", trade(details));
    case "paper_cancel_asked":
      return about("See the session", session(details));
    case "analysis_asked":
      return about(phrase(told("symbol"), told("timeframe")));
    case "risk_limits_changed":
      return about(changedLimits(details));
    case "trading_state_changed":
      return about(sentence(STATES[told("state") ?? ""], told("reason")));
    case "trading_halted":
      return about(told("reason") ?? "");
    case "notification_settings_changed":
      return about(listed(details["changed"]));
    case "archive_asked":
    case "restore_asked":
    case "legal_hold_set":
    case "legal_hold_released":
      return about(words(told("data_type")) ?? "");
    default:
      return null;
  }
}

function about(text: string, address?: string): Subject | null {
  if (text === "") return null;
  return address === undefined ? { text } : { text, href: address };
}

function trade(details: Activity["details"]): string | undefined {
  const id = textOf(details["trade_id"]);
  return id === undefined ? undefined : href("trades", id);
}

function session(details: Activity["details"]): string | undefined {
  const id = textOf(details["session_id"]);
  return id === undefined ? undefined : href("paper", id);
}

function changedLimits(details: Activity["details"]): string {
  const limits = Object.entries(details).map(([name, value]) => {
    const shown = textOf(value);
    return shown === undefined ? words(name) : `${words(name)} ${numberText(shown)}`;
  });
  return limits.join(", ");
}

function listed(names: unknown): string {
  return Array.isArray(names) ? names.map((name) => words(String(name))).join(", ") : "";
}

function sentence(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(": ");
}

/** Text as it came; numbers arrive as the text of their digits, too. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberText(digits: string): string {
  return /^-?\d+(\.\d+)?$/.test(digits) ? format(digits as Decimal) : digits;
}

function words(name: string): string;
function words(name: string | undefined): string | undefined;
function words(name: string | undefined): string | undefined {
  return name?.replaceAll("_", " ").toLowerCase();
}
