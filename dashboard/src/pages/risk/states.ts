/** The three trading states: what each accepts, and what becomes of orders and positions. */
import type { IconName } from "../../ui/Icon";

export const STATES = ["ACTIVE", "REDUCING", "HALTED"] as const;
export type TradingState = (typeof STATES)[number];

/** A state as the page tells of it. */
export interface StateWords {
  name: string;
  /** What it means, in one sentence. */
  meaning: string;
  icon: IconName;
  /** What the button that leads to it says. */
  action: string;
  /** What the question before it asks. */
  question: string;
}

export const WORDS: Record<TradingState, StateWords> = {
  ACTIVE: {
    name: "Active",
    meaning: "Orders are accepted within your limits.",
    icon: "check",
    action: "Resume trading",
    question: "Resume trading?",
  },
  REDUCING: {
    name: "Reducing only",
    meaning: "Only sales of what you hold are accepted; every purchase is refused.",
    icon: "shield",
    action: "Reduce only",
    question: "Only reduce from now on?",
  },
  HALTED: {
    name: "Halted",
    meaning: "No order is accepted, not even one that closes a position.",
    icon: "stop",
    action: "Halt trading",
    question: "Halt trading?",
  },
};

/** Whether a word of the API is one of the states that this page knows. */
export function isTradingState(state: string): state is TradingState {
  return (STATES as readonly string[]).includes(state);
}

/** How many orders and positions are open; null where it is not known. */
export interface Open {
  orders: number | null;
  positions: number | null;
}

/** What will happen, one sentence each, before somebody says yes to a state. */
export function consequences(state: TradingState, open: Open): string[] {
  const orders = counted(open.orders, "open order", "Open orders");
  const stay = open.orders === 1 ? "stays" : "stay";
  const orderFate =
    open.orders === 0
      ? "There is no open order."
      : `${orders} ${stay} at the venue and can still be filled. Cancel what must not be.`;
  const positions = counted(open.positions, "position", "Positions");
  const hold = open.positions === 1 ? "stays" : "stay";
  if (state === "ACTIVE") {
    return ["Orders of every kind are accepted again, within your limits.", orderFate];
  }
  if (state === "REDUCING") {
    return [
      "Every purchase is refused. A sale is accepted up to what you hold and no other order sells.",
      orderFate,
      open.positions === 0 ? "No position is open." : `${positions} ${hold} open until you sell.`,
    ];
  }
  return [
    "Every new order is refused at once.",
    orderFate,
    open.positions === 0
      ? "No position is open."
      : `${positions} ${hold} open and cannot be closed here while trading is halted. To get out, choose “Reduce only” instead.`,
    "Paper sessions go on.",
  ];
}

function counted(count: number | null, one: string, unknown: string): string {
  if (count === null) return unknown;
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}
