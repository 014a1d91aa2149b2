/** The one connection to the gateway: a thin line under `Conversation`. */
import { computed, signal } from "@preact/signals";
import { api } from "../api/client";
import { readJson } from "../api/json";
import { problemOf } from "../api/problem";
import { accessToken, renewAccess } from "../api/session";
import { type Action, Conversation, type Phase } from "./conversation";
import type { Frame } from "./frames";

/** How the connection is, for people. */
export interface Connection {
  phase: Phase;
  attempts: number;
}

/** Takes what happens on a channel. */
export interface Listener {
  /** A frame; `news` where the snapshot before it already held what it tells. */
  deliver?(frame: Frame, news: boolean): void;
  /** The channel's state; null where it could not be read, which `lost` follows. */
  snapshot?(data: unknown): void;
  /** Something was missed: read it over REST. */
  lost?(): void;
}

/** How the connection is. */
export const connection = signal<Connection>({ phase: "idle", attempts: 0 });

/** Whether what arrives is live. While it is not, nothing on the page may look as if it were. */
export const isLive = computed(() => connection.value.phase === "live");

/** When the latest market frame arrived (milliseconds of `performance.now`). */
export let marketHeardAt = Number.NEGATIVE_INFINITY;

const TICK_MS = 250;
const RENEW_EVERY_MS = 20_000;

const conversation = new Conversation();
const listeners = new Map<string, Set<Listener>>();
let line: WebSocket | null = null;
let address: string | null = null;
let clock: ReturnType<typeof setInterval> | undefined;
let tokenCheckedAt = 0;
let token = "";
// Gathered within one turn, so that sixty symbols are one message and not sixty.
const joining = new Set<string>();
const leaving = new Set<string>();

/** Begins the conversation, once somebody has signed in. */
export async function startLive(): Promise<void> {
  const current = await accessToken();
  if (current === null) return;
  address ??= (await api.get("/api/config")).ws_url;
  token = current;
  clock ??= setInterval(tick, TICK_MS);
  act(conversation.start(current, performance.now()));
}

/** Ends the conversation; what listens stays, for the next one. */
export function stopLive(): void {
  clearInterval(clock);
  clock = undefined;
  act(conversation.stop());
}

/** Listens on a channel until the function that is returned is called. */
export function listen(channel: string, listener: Listener): () => void {
  const known = listeners.get(channel) ?? new Set();
  listeners.set(channel, known.add(listener));
  if (known.size === 1) queueChange(joining, leaving, channel);
  return () => {
    known.delete(listener);
    if (known.size > 0 || listeners.get(channel) !== known) return;
    listeners.delete(channel);
    queueChange(leaving, joining, channel);
  };
}

function queueChange(into: Set<string>, outOf: Set<string>, channel: string): void {
  if (joining.size + leaving.size === 0) queueMicrotask(changeChannels);
  if (!outOf.delete(channel)) into.add(channel);
}

function changeChannels(): void {
  const [joined, left] = [[...joining], [...leaving]];
  joining.clear();
  leaving.clear();
  act([...conversation.unsubscribe(left), ...conversation.subscribe(joined)]);
}

function act(actions: readonly Action[]): void {
  for (const action of actions) {
    switch (action.do) {
      case "connect":
        open();
        break;
      case "disconnect":
        line?.close(1000);
        line = null;
        break;
      case "send":
        line?.send(JSON.stringify(action.message));
        break;
      case "renew-token":
        void renew();
        break;
      case "snapshot":
        tell(action.channel, (listener) => listener.snapshot?.(action.data));
        break;
      case "lost":
        tell(action.channel, (listener) => listener.lost?.());
        break;
      case "deliver":
        tell(channelOf(action.frame), (listener) => listener.deliver?.(action.frame, action.news));
        break;
    }
  }
  const { phase, attempts } = conversation;
  const shown = connection.peek();
  if (shown.phase !== phase || shown.attempts !== attempts) connection.value = { phase, attempts };
}

function channelOf(frame: Frame): string {
  return frame.channel ?? "";
}

function tell(channel: string, what: (listener: Listener) => void): void {
  for (const listener of listeners.get(channel) ?? []) what(listener);
}

function open(): void {
  if (address === null) return;
  const opened = new WebSocket(address);
  line = opened;
  // A line that was given up may still say something.
  const current = (handle: () => void) => () => line === opened && handle();
  opened.onopen = current(() => act(conversation.opened(performance.now())));
  opened.onmessage = (event) => line === opened && receive(event.data as string);
  opened.onclose = (event) => {
    if (line !== opened) return;
    line = null;
    act(conversation.closed(event.code, performance.now(), Math.random()));
  };
}

function receive(text: string): void {
  const frame = readJson(text) as Frame;
  const now = performance.now();
  if (frame.type === "price_update" || frame.type === "kline_update") marketHeardAt = now;
  act(conversation.received(frame, now));
}

function tick(): void {
  const now = performance.now();
  act(conversation.passTime(now, Math.random()));
  if (now - tokenCheckedAt < RENEW_EVERY_MS) return;
  tokenCheckedAt = now;
  void followToken();
}

/** Hands a newer token on, so that the gateway never sees one run out. */
async function followToken(): Promise<void> {
  const current = await accessToken().catch(() => null);
  if (current === null || current === token) return;
  token = current;
  act(conversation.authenticate(current));
}

async function renew(): Promise<void> {
  try {
    token = await renewAccess(token);
    act(conversation.authenticate(token));
  } catch (thrown) {
    // Signed out is somebody else's business; with no network, the same is tried again.
    if (problemOf(thrown).status === 401) return;
    setTimeout(() => void renew(), 2_000);
  }
}

function wake(): void {
  if (document.visibilityState === "visible") act(conversation.wake(performance.now()));
}

if (typeof window !== "undefined") {
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
}
