/** What a session is worth now: at live prices, or as the API reckoned it last. */
import { computed, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { isStale, quoteOf, usePrices } from "../../live/prices";
import { isLive } from "../../live/socket";
import type { Decimal, Exact } from "../../money/decimal";
import { equityOf, pricedSymbols } from "../../money/equity";
import type { Portfolio } from "./performance";

/** A worth; where it is not live it is as old as the latest reading. */
export interface Worth {
  equity: Exact | null;
  isLive: boolean;
}

/** A symbol's price while it is live. */
export function livePriceOf(symbol: string): Decimal | null {
  return isStale(symbol).value ? null : (quoteOf(symbol).value?.price ?? null);
}

/** A session's worth, followed while a component is there. */
export function useWorth(portfolio: Portfolio | null): ReadonlySignal<Worth> {
  const balances = portfolio?.balances ?? [];
  usePrices(pricedSymbols(balances, portfolio?.quote_asset));
  return useMemo(
    () =>
      computed((): Worth => {
        if (portfolio === null) return { equity: null, isLive: false };
        const live = equityOf(portfolio.balances, livePriceOf, portfolio.quote_asset);
        // Without a connection nobody tells of the trades that change the balances.
        if (live === null || !isLive.value) return { equity: portfolio.equity, isLive: false };
        return { equity: live, isLive: true };
      }),
    [portfolio],
  );
}

/** A signal's value, looked at once in a while: for what need not follow every price. */
export function useSlowly<T>(followed: ReadonlySignal<T>, everyMs: number): T {
  const [value, setValue] = useState(() => followed.peek());
  useEffect(() => {
    setValue(followed.peek());
    const clock = setInterval(() => setValue(followed.peek()), everyMs);
    return () => clearInterval(clock);
  }, [followed, everyMs]);
  return value;
}
