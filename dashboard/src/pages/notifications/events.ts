/** What one can be told of, in plain words. */
import type { Schema } from "../../api/client";
import { isPageName } from "../../shell/pages";
import { href } from "../../shell/router";
import type { IconName } from "../../ui/Icon";

/** An event that can be chosen, by the API's name for it. */
export type EventName = NonNullable<Schema<"SettingsChanges">["events"]>[number];

interface EventLook {
  words: string;
  group: EventGroup;
}

export type EventGroup = "Orders" | "Risk" | "Analyses" | "Security" | "Paper trading" | "Other";

const EVENTS: Record<EventName, EventLook> = {
  "trade.executed": { words: "An order was filled", group: "Orders" },
  "trade.failed": { words: "An order failed", group: "Orders" },
  "trade.canceled": { words: "An order was canceled", group: "Orders" },
  "risk.limit.exceeded": { words: "A risk limit refused an order", group: "Risk" },
  "risk.session.broken": { words: "A paper session had to be closed", group: "Risk" },
  "ai.signal.generated": { words: "An analysis is done", group: "Analyses" },
  "ai.signal.scored": { words: "A signal has ended", group: "Analyses" },
  "security.sign_in": { words: "New sign-in", group: "Security" },
  "security.token_reused": { words: "A sign-in was ended, perhaps stolen", group: "Security" },
  "security.password_changed": { words: "Password changed", group: "Security" },
  "security.venue_credentials_changed": { words: "Exchange keys replaced", group: "Security" },
  "security.trading_halted": { words: "Trading halted", group: "Security" },
  "paper.trade.executed": { words: "A paper order was filled", group: "Paper trading" },
  "paper.trade.failed": { words: "A paper order failed", group: "Paper trading" },
  "paper.trade.canceled": { words: "A paper order was canceled", group: "Paper trading" },
  "paper.risk.limit.exceeded": {
    words: "A risk limit refused a paper order",
    group: "Paper trading",
  },
};

const GROUPS: readonly EventGroup[] = [
  "Orders",
  "Risk",
  "Analyses",
  "Security",
  "Paper trading",
  "Other",
];

/** What an event is called; a newer API may have more of them. */
export function eventLook(name: string): EventLook {
  const known = Object.hasOwn(EVENTS, name) ? EVENTS[name as EventName] : undefined;
  return known ?? { words: name.replaceAll(/[._]/g, " "), group: "Other" };
}

/** Events by what they are about, groups without any left out. */
export function eventGroups(names: readonly string[]): [EventGroup, string[]][] {
  return GROUPS.map((group): [EventGroup, string[]] => [
    group,
    names.filter((name) => eventLook(name).group === group),
  ]).filter(([, members]) => members.length > 0);
}

/** Whether an event is about who may get into the account. */
export function isSecurity(event: string): boolean {
  return event.startsWith("security.") || event === "notification.targets_changed";
}

/** The icon of a notification. */
export function iconOf(event: string): IconName {
  if (isSecurity(event)) return "shield";
  if (event.endsWith("trade.executed")) return "check";
  if (event.endsWith("trade.canceled")) return "close";
  if (event.endsWith("trade.failed") || event.includes("risk.")) return "alert";
  return event.startsWith("ai.") ? "spark" : "bell";
}

// Pages of one thing, which are nowhere without its id.
const OF_ONE = new Set(["trades", "analyses"]);

/** Where a notification leads, from the path that the API gives it; null for nowhere. */
export function addressOf(path: string): string | null {
  const [, page, id] = /^\/([a-z]+)(?:\/([\w-]+))?$/.exec(path) ?? [];
  if (page === undefined || !isPageName(page)) return null;
  return id === undefined && OF_ONE.has(page) ? null : href(page, id);
}
