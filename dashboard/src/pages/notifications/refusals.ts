/** What the API has against a form, said at its fields. */
import type { Problem } from "../../api/problem";

/** What is wrong with a field, by any of the paths that the API may name it by. */
export function refusalOf(
  problem: Problem | null,
  ...paths: readonly string[]
): string | undefined {
  for (const path of paths) {
    const message = problem?.fieldMessage(path);
    if (message !== undefined) return plain(message);
  }
  return undefined;
}

/** What is wrong that no field of the form shows; null where its fields say it all. */
export function restOf(problem: Problem, shownPaths: readonly string[]): string | null {
  const errors = problem.details.errors ?? [];
  if (errors.length === 0) return problem.message;
  const rest = errors.filter(({ field }) => !shownPaths.includes(field));
  return rest.length === 0 ? null : rest.map(({ message }) => plain(message)).join("; ");
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^String should have at least 1 character$/, "It cannot be empty"],
  [/^String should match pattern .*\[0-5\]\\d\$'$/, "Not a time such as 22:00"],
];

/** A message of the API's validation, as people say it. */
function plain(message: string): string {
  const known = WORDS.find(([pattern]) => pattern.test(message));
  if (known !== undefined) return known[1];
  const bare = message.replace(/^Value error, /, "");
  return bare.charAt(0).toUpperCase() + bare.slice(1);
}
