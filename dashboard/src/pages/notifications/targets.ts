/** Where one is told things: targets as a form has them, and as the API takes them. */
import type { Schema, Sent } from "../../api/client";
import { big, parseTyped } from "../../money/decimal";
import type { EventName } from "./events";

export type Target = Schema<"TargetAnswer">;
export type TargetWish = Sent<Schema<"TargetModel">>;
export type TargetKind = Target["kind"];

export const MOST_TARGETS = 10;
export const MOST_PER_MINUTE = 10_000;

/** How a kind is called, and what its address looks like. */
export const TARGET_KINDS: Record<TargetKind, { words: string; example: string; hint: string }> = {
  webhook: {
    words: "Webhook",
    example: "https://example.com/hooks/bot-core",
    hint: "Your own server. Messages are signed; the secret is shown once, after saving.",
  },
  email: {
    words: "E-mail",
    example: "mailtos://user:password@mail.example.com?to=you@example.com",
    hint: "The mail server that sends, with its user and password, and to whom.",
  },
  telegram: {
    words: "Telegram",
    example: "tgram://bot-token/chat-id",
    hint: "The token of your bot, and the chat that it writes to.",
  },
  discord: {
    words: "Discord",
    example: "https://discord.com/api/webhooks/…",
    hint: "The webhook address that Discord shows in the channel's settings.",
  },
  apprise: {
    words: "Other service",
    example: "slack://…",
    hint: "The address of any service that apprise knows, such as Slack, Matrix or Pushover.",
  },
};

/** The form of one target. */
export interface TargetForm {
  /** Null while it is new. */
  targetId: string | null;
  name: string;
  kind: TargetKind;
  /** Never filled in: nobody is shown the address of a target again. Empty keeps it. */
  url: string;
  isEnabled: boolean;
  /** Which of the chosen events go here; null for all of them. */
  events: readonly string[] | null;
  /** As it is typed. */
  perMinute: string;
  rotatesSecret: boolean;
}

/** An empty form. */
export function newTarget(): TargetForm {
  return {
    targetId: null,
    name: "",
    kind: "webhook",
    url: "",
    isEnabled: true,
    events: null,
    perMinute: "30",
    rotatesSecret: false,
  };
}

/** Fills the form. */
export function targetFormOf(target: Target): TargetForm {
  return {
    targetId: target.target_id,
    name: target.name,
    kind: target.kind,
    url: "",
    isEnabled: target.enabled,
    events: target.events,
    perMinute: target.max_per_minute,
    rotatesSecret: false,
  };
}

/** What is wrong with a typed limit; undefined where nothing is. */
export function perMinuteError(text: string): string | undefined {
  const typed = parseTyped(text);
  if (typed.kind === "invalid") return typed.reason;
  const isFit =
    typed.kind === "number" &&
    typed.value.mod(1).eq(0) &&
    typed.value.gte(1) &&
    typed.value.lte(MOST_PER_MINUTE);
  return isFit ? undefined : `A whole number from 1 to ${MOST_PER_MINUTE}`;
}

/** What a PUT is sent of all targets once a form is saved, and where in it the form's is. */
export function wishesWith(
  targets: readonly Target[],
  form: TargetForm,
): { wishes: TargetWish[]; index: number } {
  const at = targets.findIndex(({ target_id }) => target_id === form.targetId);
  const index = at < 0 ? targets.length : at;
  const wishes = targets.map(kept);
  wishes[index] = wishOf(form);
  return { wishes, index };
}

/** What a PUT is sent of all targets once one is removed. */
export function wishesWithout(targets: readonly Target[], targetId: string): TargetWish[] {
  return targets.filter(({ target_id }) => target_id !== targetId).map(kept);
}

function kept(target: Target): TargetWish {
  return wishOf(targetFormOf(target));
}

function wishOf(form: TargetForm): TargetWish {
  const url = form.url.trim();
  const limit = parseTyped(form.perMinute);
  return {
    ...(form.targetId === null ? {} : { target_id: form.targetId }),
    ...(url === "" ? {} : { url }),
    name: form.name.trim(),
    kind: form.kind,
    enabled: form.isEnabled,
    events: form.events as readonly EventName[] | null,
    max_per_minute: limit.kind === "number" ? limit.value : big(0),
    rotate_secret: form.rotatesSecret,
  };
}
