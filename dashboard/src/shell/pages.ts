/** Every page: its name in the address, what it is called, and where its code is. */
import type { ComponentType } from "preact";
import type { IconName } from "../ui/Icon";

/** What a page is given: what follows its name in the address, such as a trade's id. */
export interface PageProps {
  parameter: string | undefined;
}

type PageModule = { default: ComponentType<PageProps> };

/** One page. Without an icon it is reached through links only. */
export interface PageEntry {
  title: string;
  load: () => Promise<PageModule>;
  icon?: IconName;
  /** Stands in the bar at the bottom of a small screen; the others are under "More". */
  isPrimary?: boolean;
  forOperators?: boolean;
}

export const PAGES = {
  market: {
    title: "Market",
    icon: "candles",
    isPrimary: true,
    load: () => import("../pages/market/Page"),
  },
  positions: {
    title: "Positions",
    icon: "layers",
    isPrimary: true,
    load: () => import("../pages/positions/Page"),
  },
  paper: {
    title: "Paper",
    icon: "flask",
    isPrimary: true,
    load: () => import("../pages/paper/Page"),
  },
  ai: { title: "AI", icon: "spark", isPrimary: true, load: () => import("../pages/ai/Page") },
  history: { title: "History", icon: "clock", load: () => import("../pages/history/Page") },
  notifications: {
    title: "Notifications",
    icon: "bell",
    load: () => import("../pages/notifications/Page"),
  },
  activity: { title: "Activity", icon: "pulse", load: () => import("../pages/activity/Page") },
  risk: { title: "Risk", icon: "shield", load: () => import("../pages/risk/Page") },
  archives: {
    title: "Archives",
    icon: "archive",
    forOperators: true,
    load: () => import("../pages/archives/Page"),
  },
  settings: { title: "Settings", icon: "gear", load: () => import("../pages/settings/Page") },
  trades: { title: "Trade", load: () => import("../pages/trades/Page") },
  analyses: { title: "Analysis", load: () => import("../pages/analyses/Page") },
} as const satisfies Record<string, PageEntry>;

export type PageName = keyof typeof PAGES;

export function isPageName(name: string): name is PageName {
  return Object.hasOwn(PAGES, name);
}

/** A page's entry, whatever it leaves out. */
export function pageOf(name: PageName): PageEntry {
  return PAGES[name];
}
