/** When one is told: quiet hours and the digest, as forms have them and as the API does. */
import type { Schema, Sent } from "../../api/client";
import { big, parseTyped } from "../../money/decimal";

type Settings = Schema<"SettingsAnswer">;
type Changes = Sent<Schema<"SettingsChanges">>;
type QuietHours = NonNullable<Changes["quiet_hours"]>;
type Digest = NonNullable<Changes["digest"]>;

/** The form of quiet hours; times are as a time field has them, `22:00`. */
export interface QuietForm {
  isOn: boolean;
  from: string;
  to: string;
  timezone: string;
}

/** Fills the form; `ownTimezone` is what a person's browser says. */
export function quietFormOf({ quiet_hours: quiet }: Settings, ownTimezone: string): QuietForm {
  return {
    isOn: quiet !== null,
    from: quiet?.["from"] ?? "22:00",
    to: quiet?.["to"] ?? "07:00",
    timezone: quiet?.["timezone"] ?? ownTimezone,
  };
}

/** What a PUT is sent of the form; null turns quiet hours off. */
export function quietRequest({ isOn, from, to, timezone }: QuietForm): QuietHours | null {
  return isOn ? { from, to, timezone } : null;
}

export type DigestKind = "off" | "every" | "daily";

export const LEAST_MINUTES = 5;
export const MOST_MINUTES = 1_440;

/** The form of the digest; what is not chosen keeps what was typed. */
export interface DigestForm {
  kind: DigestKind;
  /** As it is typed. */
  everyMinutes: string;
  dailyAt: string;
  timezone: string;
}

/** Fills the form; `ownTimezone` is what a person's browser says. */
export function digestFormOf({ digest }: Settings, ownTimezone: string): DigestForm {
  const told = (name: string) => {
    const value = digest?.[name];
    return typeof value === "string" ? value : undefined;
  };
  const dailyAt = told("daily_at");
  return {
    kind: digest === null ? "off" : dailyAt === undefined ? "every" : "daily",
    everyMinutes: told("every_minutes") ?? "60",
    dailyAt: dailyAt ?? "08:00",
    timezone: told("timezone") ?? ownTimezone,
  };
}

/** What is wrong with typed minutes; undefined where nothing is. */
export function minutesError(text: string): string | undefined {
  const typed = parseTyped(text);
  if (typed.kind === "invalid") return typed.reason;
  const isFit =
    typed.kind === "number" &&
    typed.value.mod(1).eq(0) &&
    typed.value.gte(LEAST_MINUTES) &&
    typed.value.lte(MOST_MINUTES);
  return isFit ? undefined : `A whole number from ${LEAST_MINUTES} to ${MOST_MINUTES}`;
}

/** What a PUT is sent of a form without errors; null turns the digest off. */
export function digestRequest({
  kind,
  everyMinutes,
  dailyAt,
  timezone,
}: DigestForm): Digest | null {
  if (kind === "off") return null;
  if (kind === "daily") return { daily_at: dailyAt, timezone };
  const typed = parseTyped(everyMinutes);
  return { every_minutes: typed.kind === "number" ? typed.value : big(0), timezone };
}
