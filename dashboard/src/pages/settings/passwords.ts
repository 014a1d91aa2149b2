/** What is wrong with a new password before it is sent; the API has the last word. */

const MIN_CHARACTERS = 8;

/** Three fields as typed. */
export interface TypedPasswords {
  current: string;
  fresh: string;
  repeated: string;
}

export type PasswordErrors = Partial<Record<keyof TypedPasswords, string>>;

/** What is wrong, field by field. */
export function passwordErrors({ current, fresh, repeated }: TypedPasswords): PasswordErrors {
  const errors: PasswordErrors = {};
  if (current === "") errors.current = "Your current password is needed";
  // As the API counts: a character is one, however many units it takes.
  if ([...fresh.normalize("NFKC")].length < MIN_CHARACTERS) {
    errors.fresh = `At least ${MIN_CHARACTERS} characters`;
  } else if (fresh.normalize("NFKC") === current.normalize("NFKC")) {
    errors.fresh = "This is the current password";
  }
  if (repeated !== fresh) errors.repeated = "Not the same as above";
  return errors;
}
