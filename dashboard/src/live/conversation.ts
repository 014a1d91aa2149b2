/**
 * The page's side of the conversation with the gateway, as a state machine without I/O.
 *
 * What happens goes in together with the moment (milliseconds, monotonic); what is to be done
 * comes out as actions. What it promises to whoever listens:
 *
 * - private events arrive each once, in order of their sequence, and where one is missing
 *   `lost` says so before the next one is delivered;
 * - a snapshot comes before the events that it does not hold yet, and events that it does hold
 *   come as `news` only.
 */
import { CLOSE, type Frame, isPrivateChannel, isPrivateFrame, PRIVATE_CHANNELS } from "./frames";

/** What is to be done. */
export type Action =
  | { do: "connect" }
  | { do: "disconnect" }
  | { do: "send"; message: Record<string, unknown> }
  /** Get a new access token and hand it to `authenticate`. */
  | { do: "renew-token" }
  /** The state of a channel; null where the gateway could not read it. */
  | { do: "snapshot"; channel: string; data: unknown }
  /** A frame of a channel; `news` where the state already holds what it tells. */
  | { do: "deliver"; frame: Frame; news: boolean }
  /** Something of this channel was missed: read it over REST. */
  | { do: "lost"; channel: string };

/** Where the conversation stands. */
export type Phase = "idle" | "connecting" | "authenticating" | "live" | "waiting" | "refused";

// Silence after which the page asks, and then how long it waits for any frame at all.
export const ASK_AFTER_MS = 4_000;
export const ANSWER_WITHIN_MS = 4_000;
export const CONNECT_WITHIN_MS = 10_000;
export const RETRY_FIRST_MS = 400;
export const RETRY_MOST_MS = 15_000;
// Sent away for too many messages or connections: come back when that is forgotten.
export const RETRY_TOO_MANY_MS = 30_000;
// A conversation that lasted so long was a success; the next trouble begins at the beginning.
const SETTLED_AFTER_MS = 10_000;

export class Conversation {
  phase: Phase = "idle";
  /** Failed attempts in a row. */
  attempts = 0;
  /** When the next attempt is made, while `waiting`. */
  retryAt = 0;
  /** The code that a gateway which refuses gave. */
  refusedWith = 0;

  #channels = new Set<string>(PRIVATE_CHANNELS);
  #token: string | null = null;
  #needsToken = false;
  #since = 0;
  #heardAt = 0;
  #askedAt: number | null = null;
  // The last private sequence that was taken, null before the first confirmation.
  #private: number | null = null;
  // Up to here the latest private snapshot knows everything.
  #snapshotAt = 0;
  #public = new Map<string, { sequence: number; timestamp: string }>();

  /** Begin, with an access token. */
  start(token: string, now: number): Action[] {
    if (this.phase !== "idle") return this.authenticate(token);
    this.#token = token;
    return this.#connect(now);
  }

  /** End it: nobody is signed in any more. Everything of the user's is forgotten. */
  stop(): Action[] {
    const wasIdle = this.phase === "idle" || this.phase === "waiting";
    this.phase = "idle";
    this.attempts = 0;
    this.#token = null;
    this.#needsToken = false;
    this.#private = null;
    this.#snapshotAt = 0;
    this.#channels = new Set(PRIVATE_CHANNELS);
    this.#public.clear();
    return wasIdle ? [] : [{ do: "disconnect" }];
  }

  /** Go on with a newer token. */
  authenticate(token: string): Action[] {
    this.#token = token;
    this.#needsToken = false;
    return this.phase === "live" ? [say({ type: "auth", token })] : [];
  }

  /** Deliver these channels, too. */
  subscribe(channels: readonly string[]): Action[] {
    const fresh = channels.filter((channel) => !this.#channels.has(channel));
    for (const channel of fresh) this.#channels.add(channel);
    if (this.phase !== "live" || fresh.length === 0) return [];
    return [say({ type: "subscribe", channels: fresh })];
  }

  /** Deliver these channels no longer. */
  unsubscribe(channels: readonly string[]): Action[] {
    const given = channels.filter((each) => !isPrivateChannel(each) && this.#channels.delete(each));
    for (const channel of given) this.#public.delete(channel);
    if (this.phase !== "live" || given.length === 0) return [];
    return [say({ type: "unsubscribe", channels: given })];
  }

  /** The line is open. */
  opened(now: number): Action[] {
    if (this.phase !== "connecting" || this.#token === null) return [{ do: "disconnect" }];
    this.phase = "authenticating";
    this.#hear(now);
    return [say({ type: "auth", token: this.#token })];
  }

  /** A frame arrived. */
  received(frame: Frame, now: number): Action[] {
    this.#hear(now);
    if (frame.type === "authenticated") return this.#authenticated(now);
    if (frame.type === "subscribed") return this.#subscribed(frame);
    if (frame.type === "error") return this.#error(frame);
    if (frame.type === "gap" && frame.channel !== undefined) {
      return this.#channels.has(frame.channel) ? [{ do: "lost", channel: frame.channel }] : [];
    }
    if (isPrivateFrame(frame.type)) return this.#takePrivate(frame);
    if (frame.channel !== undefined) return this.#takePublic(frame, frame.channel);
    return [];
  }

  /** The line is down. `random` from 0 to 1 keeps a thousand pages from coming back at once. */
  closed(code: number, now: number, random: number): Action[] {
    if (this.phase === "idle" || this.phase === "refused") return [];
    if (code === CLOSE.malformed || code === CLOSE.origin) {
      this.phase = "refused";
      this.refusedWith = code;
      return [];
    }
    if (this.phase === "live" && now - this.#since >= SETTLED_AFTER_MS) this.attempts = 0;
    const most = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(this.attempts, 10));
    const wait = code === CLOSE.tooMany ? RETRY_TOO_MANY_MS : most;
    this.attempts += 1;
    this.phase = "waiting";
    this.retryAt = now + wait * (0.5 + random / 2);
    if (code !== CLOSE.unauthenticated) return [];
    this.#needsToken = true;
    return [{ do: "renew-token" }];
  }

  /** Look at every deadline; call it a few times a second. */
  passTime(now: number, random: number): Action[] {
    if (this.phase === "waiting") {
      return now >= this.retryAt && !this.#needsToken ? this.#connect(now) : [];
    }
    if (this.phase === "connecting" || this.phase === "authenticating") {
      return now - this.#since >= CONNECT_WITHIN_MS ? this.#giveUp(now, random) : [];
    }
    if (this.phase !== "live") return [];
    if (this.#askedAt !== null) {
      return now - this.#askedAt >= ANSWER_WITHIN_MS ? this.#giveUp(now, random) : [];
    }
    if (now - this.#heardAt < ASK_AFTER_MS) return [];
    this.#askedAt = now;
    return [say({ type: "ping" })];
  }

  /** There is reason to believe that the line works again: the network or the page is back. */
  wake(now: number): Action[] {
    if (this.phase === "waiting" && !this.#needsToken) return this.#connect(now);
    if (this.phase !== "live" || this.#askedAt !== null) return [];
    this.#askedAt = now;
    return [say({ type: "ping" })];
  }

  #connect(now: number): Action[] {
    this.phase = "connecting";
    this.#since = now;
    return [{ do: "connect" }];
  }

  #giveUp(now: number, random: number): Action[] {
    return [{ do: "disconnect" }, ...this.closed(CLOSE.noPong, now, random)];
  }

  #hear(now: number): void {
    this.#heardAt = now;
    this.#askedAt = null;
  }

  #authenticated(now: number): Action[] {
    if (this.phase !== "authenticating") return [];
    this.phase = "live";
    this.#since = now;
    const resume = this.#private === null ? {} : { resume_from: this.#private };
    const market = [...this.#channels].filter((each) => !isPrivateChannel(each));
    // Apart, because one channel that is refused refuses its whole message.
    const own = say({ type: "subscribe", channels: [...PRIVATE_CHANNELS], ...resume });
    return market.length === 0 ? [own] : [own, say({ type: "subscribe", channels: market })];
  }

  #subscribed(frame: Frame): Action[] {
    const told = frame.data as { snapshot?: Record<string, unknown>; sequence?: string };
    if (told.sequence !== undefined) this.#confirmPrivate(Number(told.sequence));
    const actions: Action[] = [];
    for (const [channel, data] of Object.entries(told.snapshot ?? {})) {
      if (!this.#channels.has(channel)) continue;
      if (isPrivateChannel(channel)) {
        actions.push({ do: "snapshot", channel, data });
        if (data === null) actions.push({ do: "lost", channel });
      } else if (data !== null) {
        actions.push(...this.#takePublic(data as Frame, channel));
      }
    }
    return actions;
  }

  #confirmPrivate(sequence: number): void {
    this.#snapshotAt = sequence;
    // A feed that counts from further back has begun anew; HISTORY_LOST follows.
    if (this.#private === null || sequence < this.#private) this.#private = sequence;
  }

  #takePrivate(frame: Frame): Action[] {
    const sequence = Number(frame.sequence);
    if (this.#private !== null && sequence <= this.#private) return [];
    const isHole = this.#private !== null && sequence > this.#private + 1;
    this.#private = sequence;
    const news = sequence <= this.#snapshotAt;
    const deliver: Action = { do: "deliver", frame, news };
    // A hole within what the snapshot holds costs no state.
    return isHole && !news ? [...allLost(), deliver] : [deliver];
  }

  #takePublic(frame: Frame, channel: string): Action[] {
    if (!this.#channels.has(channel)) return [];
    const sequence = Number(frame.sequence);
    const last = this.#public.get(channel);
    // One that is not higher is no news, unless its time is: then the channel counts anew.
    if (last && sequence <= last.sequence && frame.timestamp <= last.timestamp) return [];
    this.#public.set(channel, { sequence, timestamp: frame.timestamp });
    return [{ do: "deliver", frame, news: false }];
  }

  #error(frame: Frame): Action[] {
    const { code } = frame.data as { code: string };
    if (code === "HISTORY_LOST") {
      // The feed may count anew, from further back: the next event tells from where.
      this.#private = null;
      this.#snapshotAt = 0;
      return allLost();
    }
    const isToken = code === "TOKEN_EXPIRED" || code === "TOKEN_INVALID";
    if (!isToken || this.#needsToken || this.phase !== "authenticating") return [];
    this.#needsToken = true;
    // The gateway waits for another one, but a new line is as quick and simpler to reason about.
    this.phase = "waiting";
    this.retryAt = 0;
    return [{ do: "disconnect" }, { do: "renew-token" }];
  }
}

function allLost(): Action[] {
  return PRIVATE_CHANNELS.map((channel) => ({ do: "lost", channel }));
}

function say(message: Record<string, unknown>): Action {
  return { do: "send", message };
}
