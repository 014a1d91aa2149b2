/** The idempotency key of something that must not happen twice. */

/** A key that nobody has used. */
export function freshKey(): string {
  // randomUUID exists on secure origins only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Keeps the key of a request until its outcome is known. */
export class Attempt {
  #kept: { request: string; key: string } | null = null;
  #makeKey: () => string;

  constructor(makeKey: () => string = freshKey) {
    this.#makeKey = makeKey;
  }

  /** The key to send a request with: the same one while it is the same and not settled. */
  keyFor(request: string): string {
    if (this.#kept?.request !== request) this.#kept = { request, key: this.#makeKey() };
    return this.#kept.key;
  }

  /** The outcome is known: the same request again is another one. */
  settle(): void {
    this.#kept = null;
  }
}
