/** What the order comes to, before it is sent. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { type Exact, format, formatByStep, signOf } from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";
import { Facts } from "../../ui/Card";
import { Unknown } from "../../ui/numbers";
import { type Estimate, TAKER_FEE_TEXT } from "./estimate";
import { quotePlaces } from "./known";
import { hasPrice } from "./order";
import type { TicketModel } from "./useTicket";

export function Summary({ ticket: { estimate, form, known, symbol } }: { ticket: TicketModel }) {
  const draft = form.draft.value;
  const value = estimate.value;
  const { base_asset, quote_asset, tick_size } = symbol;
  const isBuy = draft.side === "BUY";
  const isOwnPrice = hasPrice(draft.type);
  const places = quotePlaces(symbol);
  return (
    <section class="ticket-summary" aria-label="What the order comes to">
      <Facts
        facts={[
          [
            isOwnPrice ? "At the limit price" : "Estimated price",
            value ? formatByStep(value.price, tick_size) : <Unknown />,
          ],
          [isBuy ? "Cost" : "Proceeds", shown(value?.value, quote_asset, places)],
          [`Fee, estimated at ${TAKER_FEE_TEXT}`, shown(value?.fee, value?.feeAsset ?? "")],
          ["Notional", shown(value?.worth, QUOTE_ASSET, 2)],
          ["Of your order limit", <LimitShare key="share" of={value} />],
          [
            isOwnPrice ? "Held once it fills" : "Held after",
            <span key="held" class="ticket-held">
              <span>{shown(value?.baseAfter, base_asset)}</span>
              <span>{shown(value?.quoteAfter, quote_asset, places)}</span>
            </span>,
          ],
        ]}
      />
      <LimitNote limit={useComputed(() => known.value.limits?.max_order_notional_quote).value} />
    </section>
  );
}

function shown(value: Exact | null | undefined, asset: string, places?: number): ComponentChildren {
  // Nobody can hold less than nothing: the order is too large, which its field says.
  if (value === null || value === undefined || signOf(value) < 0) return <Unknown />;
  return (
    <>
      {format(value, places === undefined ? { upTo: 8 } : { places })}{" "}
      <span class="unit">{asset}</span>
    </>
  );
}

function LimitShare({ of: value }: { of: Estimate | null }) {
  const share = value?.shareOfLimit ?? null;
  if (share === null) return <Unknown />;
  const isOver = share.gt(100);
  return (
    <span class={isOver ? "ticket-share down" : "ticket-share"}>
      <progress
        class={isOver ? "bar bar-over" : "bar"}
        max={100}
        value={Math.min(Number(share), 100)}
        aria-label="Share of the order limit"
      />
      {format(share, { places: 1 })}%
    </span>
  );
}

function LimitNote({ limit }: { limit: Exact | undefined }) {
  if (limit !== undefined) return null;
  return <p class="form-note">Your risk limits are not known yet; the order is judged by them.</p>;
}
