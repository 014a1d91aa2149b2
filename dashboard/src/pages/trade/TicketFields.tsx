/** What of an order can be chosen and typed. */
import { useComputed } from "@preact/signals";
import Big from "big.js";
import { isLive } from "../../live/socket";
import {
  big,
  type Decimal,
  digits,
  format,
  formatByStep,
  formatPercent,
} from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { NumberField, Select } from "../../ui/Field";
import { Price, Unknown } from "../../ui/numbers";
import { holdingOf, quotePlaces, sellable } from "./known";
import {
  type AmountIn,
  hasPrice,
  isStop,
  ORDER_TYPES,
  positiveIn,
  SIDES,
  TIMES_IN_FORCE,
  waitsAbove,
} from "./order";
import { amountFor, SHARES } from "./sizing";
import type { TicketModel } from "./useTicket";
import type { FieldName } from "./validation";

interface Part {
  ticket: TicketModel;
}

export function TicketFields({ ticket }: Part) {
  const { form } = ticket;
  const side = useComputed(() => form.draft.value.side).value;
  const type = useComputed(() => form.draft.value.type).value;
  return (
    <fieldset class="ticket-fields" disabled={form.isLocked.value}>
      <legend class="visually-hidden">Order for {ticket.symbol.symbol}</legend>
      <Segmented
        label="Side"
        value={side}
        choices={SIDES}
        toneOf={(each) => each.toLowerCase()}
        onChange={(chosen) => form.change({ side: chosen })}
      />
      <Segmented
        label="Order type"
        value={type}
        choices={ORDER_TYPES}
        onChange={(chosen) => form.change({ type: chosen })}
      />
      {isStop(type) && <StopField ticket={ticket} />}
      {hasPrice(type) && <PriceField ticket={ticket} />}
      <AmountField ticket={ticket} />
      <Shares ticket={ticket} />
      {hasPrice(type) && <TimeField ticket={ticket} />}
    </fieldset>
  );
}

/** What is wrong with a field; it renders again only when that changes. */
function useError({ errors }: TicketModel, field: FieldName): string | undefined {
  return useComputed(() => errors.value[field]).value;
}

function StopField({ ticket }: Part) {
  const { form, symbol } = ticket;
  const { side, type } = form.draft.value;
  const way = waitsAbove(side, type) ? "rises" : "falls";
  return (
    <NumberField
      label="Stop price"
      value={form.stopPrice}
      step={symbol.tick_size}
      unit={symbol.quote_asset}
      error={useError(ticket, "stopPrice")}
      hint={`Waits until the price ${way} to this.`}
      onChange={(stopPrice) => form.change({ stopPrice })}
    />
  );
}

function PriceField({ ticket }: Part) {
  const { form, known, symbol } = ticket;
  const error = useError(ticket, "price");
  const isUnknown = useComputed(() => known.value.quote === null).value;
  const use = (name: "bid" | "ask") => {
    const { quote } = known.peek();
    if (quote) form.change({ price: digits(quote[name]) });
  };
  return (
    <div class="ticket-with-extras">
      <NumberField
        label="Price"
        value={form.price}
        step={symbol.tick_size}
        unit={symbol.quote_asset}
        error={error}
        hint={<PriceHint ticket={ticket} />}
        onChange={(price) => form.change({ price })}
      />
      <div class="ticket-extras">
        {(["bid", "ask"] as const).map((name) => (
          <Button
            key={name}
            isSmall
            tone="quiet"
            disabled={isUnknown}
            label={`Use the ${name} as the price`}
            onClick={() => use(name)}
          >
            {name === "bid" ? "Bid" : "Ask"}
          </Button>
        ))}
      </div>
    </div>
  );
}

/** How far a price is from the market, while that is live. */
function PriceHint({ ticket: { form, known, symbol } }: Part) {
  const text = useComputed(() => {
    const price = positiveIn(form.price.value);
    const { quote } = known.value;
    if (price === null || quote === null) {
      return `In steps of ${formatByStep(symbol.tick_size, symbol.tick_size)}`;
    }
    const last = big(quote.price);
    return `${formatPercent(price.minus(last).div(last).times(100))} from the last price`;
  });
  return <span class="figures">{text}</span>;
}

function AmountField({ ticket }: Part) {
  const { form, symbol } = ticket;
  const type = useComputed(() => form.draft.value.type).value;
  const amountIn = useComputed(() => form.draft.value.amountIn).value;
  const { base_asset, quote_asset, step_size, tick_size } = symbol;
  const units: readonly (readonly [AmountIn, string])[] = [
    ["base", base_asset],
    ["quote", quote_asset],
  ];
  const isInQuote = amountIn === "quote";
  return (
    <div class="ticket-with-extras ticket-amount">
      <NumberField
        label={isInQuote ? "Amount" : "Quantity"}
        value={form.amount}
        step={isInQuote ? tick_size : step_size}
        unit={isInQuote ? quote_asset : base_asset}
        error={useError(ticket, "amount")}
        hint={<Free ticket={ticket} />}
        onChange={(amount) => form.change({ amount })}
      />
      {!hasPrice(type) && (
        <div class="ticket-extras">
          <Segmented
            label="Quantity in"
            value={amountIn}
            choices={units}
            onChange={(chosen) => form.change({ amountIn: chosen })}
          />
        </div>
      )}
    </div>
  );
}

function Free({ ticket: { form, known, symbol } }: Part) {
  const isBuy = useComputed(() => form.draft.value.side === "BUY").value;
  const asset = isBuy ? symbol.quote_asset : symbol.base_asset;
  const free = useComputed(() => {
    const amount = isBuy ? holdingOf(known.value.account, asset)?.free : sellable(known.value);
    return amount ? digits(amount) : null;
  }).value;
  return (
    <span class={isLive.value ? "figures" : "figures stale"}>
      Free: {isBuy ? <Cut value={free} places={quotePlaces(symbol)} /> : <Price value={free} />}{" "}
      {asset}
      {!isLive.value && " (not live)"}
    </span>
  );
}

/** Rounded down: what is shown as free can be spent. */
function Cut({ value, places }: { value: Decimal | null; places: number }) {
  if (value === null) return <Unknown />;
  return <>{format(big(value).round(places, Big.roundDown), { places })}</>;
}

function Shares({ ticket: { form, known } }: Part) {
  const isUnknown = useComputed(() => amountFor(100, form.draft.value, known.value) === null).value;
  const use = (share: number) => {
    const amount = amountFor(share, form.draft.peek(), known.peek());
    if (amount !== null) form.change({ amount: digits(amount) });
  };
  return (
    <div class="ticket-shares">
      {SHARES.map((share) => (
        <Button
          key={share}
          isSmall
          disabled={isUnknown}
          label={`${share}% of what is free`}
          onClick={() => use(share)}
        >
          {share}%
        </Button>
      ))}
    </div>
  );
}

function TimeField({ ticket: { form } }: Part) {
  const time = useComputed(() => form.draft.value.timeInForce).value;
  return (
    <div class="ticket-time">
      <Select
        label="Time in force"
        value={time}
        choices={TIMES_IN_FORCE}
        onChange={(chosen) => form.change({ timeInForce: chosen })}
      />
    </div>
  );
}
