/** What became of what was sent. */
import type { Schema } from "../../api/client";
import type { IconName } from "../../ui/Icon";
import type { BadgeTone } from "../../ui/numbers";

export type Delivery = Schema<"DeliveryAnswer">;

/** How a delivery's state is shown. */
export interface StateLook {
  words: string;
  icon: IconName;
  tone: BadgeTone;
  /** Nothing more happens to it. */
  isEnd: boolean;
}

const STATES: Record<string, StateLook> = {
  DUE: { words: "On its way", icon: "clock", tone: "accent", isEnd: false },
  HELD: { words: "Held for a digest", icon: "clock", tone: "neutral", isEnd: false },
  GATHERED: { words: "Told in a digest", icon: "layers", tone: "neutral", isEnd: true },
  DELIVERED: { words: "Delivered", icon: "check", tone: "up", isEnd: true },
  FAILED: { words: "Failed", icon: "alert", tone: "down", isEnd: true },
  DROPPED: { words: "Not sent", icon: "close", tone: "neutral", isEnd: true },
};

/** How a state is shown; a newer API may have more of them. */
export function stateLook(state: string): StateLook {
  const known = Object.hasOwn(STATES, state) ? STATES[state] : undefined;
  return known ?? { words: state.toLowerCase(), icon: "info", tone: "neutral", isEnd: false };
}
