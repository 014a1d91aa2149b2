/** What this browser remembers between visits: looks and habits, never a secret. */

/** A choice that was made, the fallback where none (or none that exists any more) was. */
export function remembered<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  const found = recalled(name);
  return choices.find((choice) => choice === found) ?? fallback;
}

/** Remembers a choice; where the browser keeps nothing, until the page is left. */
export function remember(name: string, choice: string): void {
  try {
    localStorage.setItem(`botcore.${name}`, choice);
  } catch {
    // A full or forbidden store costs a habit, not the page.
  }
}

/** Several choices, such as indicators, each only where it still exists. */
export function rememberedSet<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  fallback: readonly Choice[],
): Set<Choice> {
  const found = recalled(name);
  const names = found === null ? fallback : found.split(",");
  return new Set(choices.filter((choice) => (names as readonly string[]).includes(choice)));
}

/** What was remembered under a name, null where nothing was. */
export function recalled(name: string): string | null {
  try {
    return localStorage.getItem(`botcore.${name}`);
  } catch {
    return null;
  }
}
