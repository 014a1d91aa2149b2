/** The indicators that an analysis was made from: their names, and how each is written. */
import { big, type Decimal, format, formatShort, placesOf } from "../../money/decimal";

type Kind = "price" | "difference" | "index" | "volume";

const KNOWN: Record<string, readonly [name: string, kind: Kind]> = {
  rsi: ["RSI", "index"],
  adx: ["ADX", "index"],
  stoch_k: ["Stochastic K", "index"],
  stoch_d: ["Stochastic D", "index"],
  macd: ["MACD", "difference"],
  macd_signal: ["MACD signal", "difference"],
  macd_histogram: ["MACD histogram", "difference"],
  atr: ["ATR", "difference"],
  ema_9: ["EMA 9", "price"],
  ema_21: ["EMA 21", "price"],
  ema_50: ["EMA 50", "price"],
  bb_upper: ["Bollinger upper", "price"],
  bb_middle: ["Bollinger middle", "price"],
  bb_lower: ["Bollinger lower", "price"],
  volume_sma: ["Volume average", "volume"],
};

/** Names and texts in the order above, then whatever is new; text is null where unknown. */
export function indicatorRows(
  indicators: Record<string, Decimal | null>,
  tick: Decimal | undefined,
): [name: string, text: string | null][] {
  const names = new Set([...Object.keys(KNOWN), ...Object.keys(indicators)]);
  const rows: [string, string | null][] = [];
  for (const key of names) {
    const value = indicators[key];
    if (value === undefined) continue;
    const [name, kind] = KNOWN[key] ?? [key.replaceAll("_", " "), "index"];
    rows.push([name, value === null ? null : textOf(value, kind, tick)]);
  }
  return rows;
}

function textOf(value: Decimal, kind: Kind, tick: Decimal | undefined): string {
  if (kind === "volume") return formatShort(value);
  if (kind === "index") return format(value, { places: 2 });
  // Without a tick: as many digits as a price of that size usually has.
  const places = tick ? placesOf(tick) : big(value).abs().lt(10) ? 6 : 2;
  return format(value, { places: kind === "difference" ? places + 1 : places });
}
