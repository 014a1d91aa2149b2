/** The time zone of this person's browser. */
export function ownTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Time zones to choose from, with those that are chosen already. */
export function timezones(...chosen: readonly string[]): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return [...new Set(["UTC", ...chosen, ownTimezone(), ...known])].sort();
}
