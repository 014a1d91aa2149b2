/** What an account is worth, as the API reckons it: everything held, at live prices. */
import type Big from "big.js";
import { big, type Decimal, signOf } from "./decimal";

/** What the account is reckoned in. */
export const QUOTE_ASSET = "USDT";

interface Held {
  asset: string;
  total: Decimal;
}

/** The symbols whose prices `equityOf` needs. */
export function pricedSymbols(balances: readonly Held[], quoteAsset = QUOTE_ASSET): string[] {
  return balances
    .filter(({ asset, total }) => asset !== quoteAsset && signOf(total) !== 0)
    .map(({ asset }) => asset + quoteAsset);
}

/** The worth of everything held; null where something has no live price. */
export function equityOf(
  balances: readonly Held[],
  priceOf: (symbol: string) => Decimal | null,
  quoteAsset = QUOTE_ASSET,
): Big | null {
  let worth = big(0);
  for (const { asset, total } of balances) {
    if (signOf(total) === 0) continue;
    const price = asset === quoteAsset ? big(1) : priceOf(asset + quoteAsset);
    if (price === null) return null;
    worth = worth.plus(big(total).times(big(price)));
  }
  return worth;
}
