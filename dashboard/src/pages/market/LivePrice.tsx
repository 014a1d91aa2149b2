/** A symbol's price where it changes: text and class only, never a new tree. */
import { computed, useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { isStale, quoteOf } from "../../live/prices";
import { connection } from "../../live/socket";
import { type Decimal, formatByStep, formatPercent, signOf } from "../../money/decimal";
import { Icon } from "../../ui/Icon";

const MOVED = { "-1": "down", "0": "", "1": "up" } as const;
const ARROW = { "-1": "▼", "0": "", "1": "▲" } as const;

/** The last price, in the colour of its latest move. */
export function LastPrice({ symbol, tick }: { symbol: string; tick: Decimal }) {
  const [text, look] = useMemo(() => {
    const quote = quoteOf(symbol);
    const stale = isStale(symbol);
    return [
      computed(() => (quote.value === null ? "–" : formatByStep(quote.value.price, tick))),
      computed(() => (stale.value ? "figures stale" : `figures ${MOVED[quote.value?.moved ?? 0]}`)),
    ];
  }, [symbol, tick]);
  return <span class={look}>{text}</span>;
}

/** The change over 24 hours: arrow, sign and colour. */
export function DayChange({ symbol }: { symbol: string }) {
  const [arrow, text, look] = useMemo(() => {
    const change = computed(() => quoteOf(symbol).value?.change ?? null);
    const sign = computed(() => (change.value === null ? 0 : signOf(change.value)));
    const stale = isStale(symbol);
    return [
      computed(() => ARROW[sign.value]),
      computed(() => (change.value === null ? "–" : formatPercent(change.value))),
      computed(() => `figures change ${MOVED[sign.value]}${stale.value ? " stale" : ""}`),
    ];
  }, [symbol]);
  return (
    <span class={look}>
      <span class="arrow" aria-hidden="true">
        {arrow}
      </span>
      {text}
    </span>
  );
}

/** Says in words that a price is not live. */
export function StaleWord({ symbol }: { symbol: string }) {
  const why = useComputed(() => {
    if (!isStale(symbol).value) return null;
    return connection.value.phase === "live" ? "Stale" : "Not live";
  });
  if (why.value === null) return null;
  return (
    <span class="stale-word">
      <Icon name="alert" /> {why}
    </span>
  );
}
