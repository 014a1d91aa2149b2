import { useComputed } from "@preact/signals";
import { isStale, quoteOf, usePrices } from "../live/prices";
import { ownAccount } from "../live/private";
import { equityOf, pricedSymbols, QUOTE_ASSET } from "../money/equity";
import { Money } from "../ui/numbers";

/** What the account is worth now; unknown while something held has no live price. */
export function Equity() {
  const balances = ownAccount.value?.balances ?? [];
  usePrices(pricedSymbols(balances));
  const worth = useComputed(() => {
    const held = ownAccount.value?.balances;
    const priceOf = (symbol: string) =>
      isStale(symbol).value ? null : (quoteOf(symbol).value?.price ?? null);
    return held ? equityOf(held, priceOf) : null;
  });
  return (
    <span class="top-equity">
      <span class="top-label">Equity</span> <Money value={worth.value} unit={QUOTE_ASSET} />
    </span>
  );
}
