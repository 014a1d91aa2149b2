/**
 * One's own orders, positions, account and signals: a snapshot, then every event.
 *
 * Paper sessions speak on the same channels and are told apart by `session_id`; these stores
 * hold the real account only. Whoever wants all of it listens with `onPrivate`.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { api, type Schema } from "../api/client";
import {
  type Frame,
  isPrivateFrame,
  PRIVATE_CHANNELS,
  PRIVATE_FRAMES,
  type PrivateFrameType,
} from "./frames";
import { listen } from "./socket";

export type Trade = Schema<"TradeAnswer">;
export type Position = Schema<"PositionAnswer">;
export type Account = Schema<"AccountAnswer">;

/** A private event. `isNews`: the stores knew it already; it is worth telling all the same. */
export interface PrivateEvent<Data = Record<string, unknown>> {
  type: PrivateFrameType;
  data: Data & { session_id?: string };
  timestamp: string;
  isNews: boolean;
}

const TERMINAL = new Set(["FILLED", "CANCELED", "REJECTED", "EXPIRED"]);

const orders = signal<readonly Trade[] | null>(null);
const positions = signal<readonly Position[] | null>(null);
const account = signal<Account | null>(null);

/** Open orders, oldest first; null until they are known. */
export const openOrders: ReadonlySignal<readonly Trade[] | null> = orders;
/** Open positions; null until they are known. */
export const openPositions: ReadonlySignal<readonly Position[] | null> = positions;
/** Balances and trading state; null until they are known. */
export const ownAccount: ReadonlySignal<Account | null> = account;

/** Whether an order can still change. */
export function isOpen(trade: Trade): boolean {
  return !TERMINAL.has(trade.status);
}

type Hearer = (event: PrivateEvent) => void;
const hearers = new Set<Hearer>();

/** Hears every private event, paper sessions' too, until the returned function is called. */
export function onPrivate(hearer: Hearer): () => void {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

/** Takes an order that the API has just answered with; its event may come before or after. */
export function takeOrder(trade: Trade): void {
  const known = orders.peek();
  if (known === null) return;
  const before = known.find((each) => each.trade_id === trade.trade_id);
  if (before !== undefined && before.updated_at > trade.updated_at) return;
  const others = known.filter((each) => each.trade_id !== trade.trade_id);
  if (isOpen(trade)) {
    orders.value = before
      ? known.map((each) => (each === before ? trade : each))
      : [...others, trade];
  } else if (before !== undefined) orders.value = others;
}

function takePosition(position: Position): void {
  const known = positions.peek();
  if (known === null) return;
  const isKnown = known.some((each) => each.position_id === position.position_id);
  if (position.closed_at !== null) {
    positions.value = known.filter((each) => each.position_id !== position.position_id);
  } else if (isKnown) {
    positions.value = known.map((each) =>
      each.position_id === position.position_id ? position : each,
    );
  } else positions.value = [...known, position];
}

function takeAccount(told: Partial<Account>): void {
  const known = account.peek();
  // An event needs no prices, so it has no equity; what it was is not what it is.
  if (known !== null) account.value = { ...known, equity_quote: null, ...told };
  rereadAccountSoon();
}

/** Takes the trading state that the API has just answered with; its event may come later. */
export function takeTradingState(state: string): void {
  if (account.peek()?.trading_state === state) return;
  count(taken, "account");
  takeAccount({ trading_state: state });
}

// Which reading of a store is the latest, and how many events it took: an answer that was
// overtaken by either is read again, or left to the later one.
const readings = new Map<string, number>();
const taken = new Map<string, number>();

function count(counts: Map<string, number>, name: string): number {
  const next = (counts.get(name) ?? 0) + 1;
  counts.set(name, next);
  return next;
}

async function reread<T>(name: string, read: () => Promise<T>, keep: (value: T) => void) {
  const reading = count(readings, name);
  for (let waitMs = 500; readings.get(name) === reading; waitMs = Math.min(waitMs * 2, 15_000)) {
    const before = taken.get(name);
    const value = await read().catch(() => null);
    if (readings.get(name) !== reading) return;
    if (value !== null && taken.get(name) === before) return keep(value);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

const rereadOrders = () =>
  reread("orders", readOpenOrders, (items) => {
    orders.value = items;
  });
const rereadPositions = () =>
  reread(
    "positions",
    () => api.get("/api/positions", { query: { state: "open" } }),
    (page) => {
      positions.value = page.items;
    },
  );
/** Reads the account again, equity included. */
export const rereadAccount = () =>
  reread(
    "account",
    () => api.get("/api/account"),
    (answer) => {
      account.value = answer;
    },
  );

async function readOpenOrders(): Promise<Trade[]> {
  const pages = await Promise.all(
    (["SUBMITTING", "NEW", "PARTIALLY_FILLED", "UNKNOWN"] as const).map((status) =>
      api.get("/api/trades", { query: { status, limit: 1_000 } }),
    ),
  );
  const items = pages.flatMap((page) => page.items);
  return items.sort((a, b) => a.created_at.localeCompare(b.created_at));
}

let accountDue: ReturnType<typeof setTimeout> | undefined;

function rereadAccountSoon(): void {
  clearTimeout(accountDue);
  accountDue = setTimeout(() => void rereadAccount(), 300);
}

function deliver(frame: Frame, isNews: boolean): void {
  if (!isPrivateFrame(frame.type)) return;
  const data = frame.data as PrivateEvent["data"];
  if (!isNews && data.session_id === undefined) keep(frame.type, data);
  for (const hearer of hearers) {
    hearer({ type: frame.type, data, timestamp: frame.timestamp, isNews });
  }
}

function keep(type: PrivateFrameType, data: object): void {
  count(taken, PRIVATE_FRAMES[type]);
  if (type === "order_update") takeOrder(data as Trade);
  else if (type === "position_update") takePosition(data as Position);
  else if (type === "account_update") takeAccount(data as Partial<Account>);
}

/** Forgets everything: somebody else may sign in. */
export function forgetPrivate(): void {
  for (const name of readings.keys()) count(readings, name);
  clearTimeout(accountDue);
  orders.value = null;
  positions.value = null;
  account.value = null;
}

for (const channel of PRIVATE_CHANNELS) {
  listen(channel, {
    deliver,
    snapshot(data) {
      if (data === null) return;
      if (channel === "orders") orders.value = data as Trade[];
      if (channel === "positions") positions.value = data as Position[];
      if (channel === "account") account.value = data as Account;
    },
    lost() {
      if (channel === "orders") void rereadOrders();
      if (channel === "positions") void rereadPositions();
      if (channel === "account") void rereadAccount();
    },
  });
}
