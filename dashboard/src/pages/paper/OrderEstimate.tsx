/** What an order is about to cost, before it is sent. */

import { big, format } from "../../money/decimal";
import { Facts } from "../../ui/Card";
import { Money, Price, Unknown } from "../../ui/numbers";
import type { Estimate, Side, Surroundings } from "./orderDraft";

export function OrderEstimate(props: { estimate: Estimate; side: Side; around: Surroundings }) {
  const { estimate, side, around } = props;
  const { base_asset: base, quote_asset: quote } = around.rules;
  const isBuy = side === "BUY";
  const free = isBuy ? around.freeQuote : around.freeBase;
  return (
    <Facts
      facts={[
        [
          "Free",
          <>
            {isBuy ? <Money value={free} /> : <Price value={free} />}{" "}
            <span class="unit">{isBuy ? quote : base}</span>
          </>,
        ],
        [
          isBuy ? "Costs about" : "Brings about",
          estimate.notional ? <Money value={estimate.notional} unit={quote} /> : <Unknown />,
        ],
        [
          `Fee, up to ${format(around.takerFeeBps)} bps`,
          estimate.fee ? (
            <span class="figures">
              {format(big(estimate.fee), { upTo: 8 })}{" "}
              <span class="unit">{isBuy ? base : quote}</span>
            </span>
          ) : (
            <Unknown />
          ),
        ],
      ]}
    />
  );
}
