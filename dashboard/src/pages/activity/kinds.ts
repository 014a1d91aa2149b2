/** What somebody did, in plain words. */
import type { Schema } from "../../api/client";
import type { IconName } from "../../ui/Icon";

export type ActivityKind = Schema<"ActivityKind">;

/** How a kind is shown; those about security ask to be looked at. */
export interface KindLook {
  words: string;
  icon: IconName;
  /** `alarm`: somebody may be trying to get in. */
  security?: "notice" | "alarm";
}

export const KINDS: Record<ActivityKind, KindLook> = {
  signed_in: { words: "Signed in", icon: "shield", security: "notice" },
  sign_in_failed: { words: "Sign-in failed", icon: "alert", security: "alarm" },
  token_reused: { words: "Sign-in ended: token used twice", icon: "alert", security: "alarm" },
  signed_out: { words: "Signed out", icon: "out" },
  registered: { words: "Account created", icon: "check", security: "notice" },
  password_changed: { words: "Password changed", icon: "shield", security: "notice" },
  venue_credentials_changed: {
    words: "Exchange keys replaced",
    icon: "shield",
    security: "notice",
  },
  notification_settings_changed: {
    words: "Notification settings changed",
    icon: "bell",
    security: "notice",
  },
  risk_limits_changed: { words: "Risk limits changed", icon: "gear" },
  trading_state_changed: { words: "Trading state changed", icon: "gear" },
  trading_halted: { words: "Trading halted", icon: "stop", security: "notice" },
  order_asked: { words: "Order sent", icon: "candles" },
  cancel_asked: { words: "Order cancel requested", icon: "close" },
  paper_order_asked: { words: "Paper order sent", icon: "flask" },
  paper_cancel_asked: { words: "Paper order cancel requested", icon: "close" },
  analysis_asked: { words: "Analysis requested", icon: "spark" },
  archive_asked: { words: "Archiving requested", icon: "archive" },
  restore_asked: { words: "Restore requested", icon: "archive" },
  legal_hold_set: { words: "Legal hold set", icon: "archive" },
  legal_hold_released: { words: "Legal hold released", icon: "archive" },
};

/** Every kind, as a list of choices has them. */
export const KIND_NAMES = Object.keys(KINDS) as ActivityKind[];

export function isKind(name: string | null): name is ActivityKind {
  return name !== null && Object.hasOwn(KINDS, name);
}

const UNHEARD_OF: KindLook = { words: "Something else", icon: "info" };

/** How an entry is shown; a newer API may know more kinds. */
export function lookOf(kind: string): KindLook {
  return isKind(kind) ? KINDS[kind] : { ...UNHEARD_OF, words: kind.replaceAll("_", " ") };
}
