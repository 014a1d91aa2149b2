/** What an order will probably come to, reckoned as the API reckons it. */
import Big from "big.js";
import { big, floorToStep } from "../../money/decimal";
import { holdingOf, type Known } from "./known";
import { type Draft, hasPrice, positiveIn } from "./order";

/** The API does not tell the venue's fees; this is what its takers pay without a discount. */
export const TAKER_FEE = new Big("0.001");
export const TAKER_FEE_TEXT = "0.1%";

/** What an order comes to at the expected price. */
export interface Estimate {
  price: Big;
  /** In the base asset. */
  quantity: Big;
  /** What is paid or received, before the fee, in the quote asset. */
  value: Big;
  /** A purchase's is taken from what is bought, a sale's from what it brings. */
  fee: Big;
  feeAsset: string;
  /** What the order counts against limits, in the symbol's quote asset. */
  notional: Big;
  /** The same in the account's quote asset; null while its rate is not known. */
  worth: Big | null;
  /** `worth` in percent of the most that one order may be. */
  shareOfLimit: Big | null;
  /** What is held once it has filled; null while the account is not known. */
  baseAfter: Big | null;
  quoteAfter: Big | null;
}

/** The price an order is judged at: its own, else the side of the book that it takes. */
export function expectedPrice(draft: Draft, { quote }: Known): Big | null {
  if (hasPrice(draft.type)) return positiveIn(draft.price);
  if (quote === null) return null;
  return big(draft.side === "BUY" ? quote.ask : quote.bid);
}

/** What an order comes to; null while its price or amount is not known. */
export function estimateOf(draft: Draft, known: Known): Estimate | null {
  const price = expectedPrice(draft, known);
  const amount = positiveIn(draft.amount);
  if (price === null || amount === null) return null;
  const { base_asset, quote_asset, step_size } = known.symbol;
  const isInQuote = draft.amountIn === "quote";
  const quantity = isInQuote ? floorToStep(amount.div(price), step_size) : amount;
  const value = quantity.times(price);
  const notional = isInQuote ? amount : value;
  const worth = known.rate && notional.times(big(known.rate));
  const isBuy = draft.side === "BUY";
  const fee = (isBuy ? quantity : value).times(TAKER_FEE);
  const base = holdingOf(known.account, base_asset)?.total;
  const quote = holdingOf(known.account, quote_asset)?.total;
  return {
    price,
    quantity,
    value,
    fee,
    feeAsset: isBuy ? base_asset : quote_asset,
    notional,
    worth,
    shareOfLimit: shareOf(worth, known),
    baseAfter: base ? (isBuy ? base.plus(quantity).minus(fee) : base.minus(quantity)) : null,
    quoteAfter: quote ? (isBuy ? quote.minus(value) : quote.plus(value).minus(fee)) : null,
  };
}

function shareOf(worth: Big | null, { limits }: Known): Big | null {
  if (worth === null || limits === null) return null;
  const limit = big(limits.max_order_notional_quote);
  return limit.gt(0) ? worth.div(limit).times(100) : null;
}
