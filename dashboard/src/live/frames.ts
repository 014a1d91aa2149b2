/** What the gateway says, as far as the page listens; see API.md, "WebSocket: /ws". */
import type { Decimal } from "../money/decimal";

/** A frame as it arrives; every number in it is `Decimal`. */
export interface Frame {
  type: string;
  channel?: string;
  data: unknown;
  timestamp: string;
  sequence?: Decimal;
}

/** The channels of one's own events. */
export const PRIVATE_CHANNELS = ["orders", "positions", "account", "signals"] as const;
export type PrivateChannel = (typeof PRIVATE_CHANNELS)[number];

/** The frames that private channels carry. */
export const PRIVATE_FRAMES = {
  order_update: "orders",
  position_update: "positions",
  account_update: "account",
  ai_signal: "signals",
} as const satisfies Record<string, PrivateChannel>;
export type PrivateFrameType = keyof typeof PRIVATE_FRAMES;

export function isPrivateFrame(type: string): type is PrivateFrameType {
  return Object.hasOwn(PRIVATE_FRAMES, type);
}

export function isPrivateChannel(channel: string): channel is PrivateChannel {
  return (PRIVATE_CHANNELS as readonly string[]).includes(channel);
}

/** Why the gateway ended a conversation. */
export const CLOSE = {
  malformed: 4400,
  unauthenticated: 4401,
  origin: 4403,
  noPong: 4408,
  tooSlow: 4409,
  tooMany: 4429,
} as const;

/** The channel of a symbol's price. */
export function tickerChannel(symbol: string): string {
  return `${symbol}@ticker`;
}

/** The channel of a symbol's candles. */
export function candleChannel(symbol: string, timeframe: string): string {
  return `${symbol}@kline_${timeframe}`;
}
