/** Places an order for a symbol; stands beside the chart. */
import { useComputed } from "@preact/signals";

import { useEffect, useRef } from "preact/hooks";
import type { Schema } from "../../api/client";
import { href } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { OrderProgress } from "./OrderProgress";
import { Summary } from "./Summary";
import { TicketFields } from "./TicketFields";
import { type TicketModel, useTicket } from "./useTicket";

/** Enter sends the order from any field, Escape empties the form. */
export function Ticket({ symbol }: { symbol: Schema<"TradedSymbol"> }) {
  const ticket = useTicket(symbol);
  const { form } = ticket;
  const element = useRef<HTMLFormElement>(null);
  useFocus(ticket, element);

  const submit = (event: Event) => {
    event.preventDefault();
    const isRepeat = form.progress.peek().phase === "unsettled";
    form.isTried.value = true;
    if (!isRepeat && Object.keys(ticket.errors.value).length > 0) {
      // The fields show what is wrong with them once this turn has been rendered.
      requestAnimationFrame(() => {
        element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      });
      return;
    }
    void form.send(symbol.symbol);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !form.isLocked.peek()) {
      form.clear();
      amountOf(element.current)?.focus();
    }
    // A list takes Enter for itself; here it sends, as everywhere in the form.
    if (event.key === "Enter" && event.target instanceof HTMLSelectElement) {
      event.preventDefault();
      element.current?.requestSubmit();
    }
  };
  return (
    <form
      ref={element}
      class="ticket"
      noValidate
      aria-label={`Order for ${symbol.symbol}`}
      onSubmit={submit}
      onKeyDown={onKeyDown}
    >
      <TicketFields ticket={ticket} />
      <SignalNote ticket={ticket} />
      <Summary ticket={ticket} />
      <Send ticket={ticket} />
      <OrderProgress
        progress={form.progress.value}
        asset={symbol.base_asset}
        onSetAside={() => form.setAside()}
      />
    </form>
  );
}

function amountOf(form: HTMLFormElement | null) {
  return form?.querySelector<HTMLElement>(".ticket-amount input[inputmode]");
}

/** The focus waits at the button while fields are locked, and goes back for the next order. */
function useFocus({ form }: TicketModel, element: { current: HTMLFormElement | null }): void {
  const { phase } = form.progress.value;
  const before = useRef(phase);
  useEffect(() => {
    const had = before.current;
    before.current = phase;
    if (had === phase) return;
    const focused = document.activeElement;
    const isHere = element.current?.contains(focused) || focused === document.body;
    if (!isHere) return;
    if (phase === "sending") {
      element.current?.querySelector<HTMLElement>("button[type=submit]")?.focus();
    } else if (phase === "answered") amountOf(element.current)?.focus();
  }, [phase, element]);
}

function Send({ ticket: { form, block, symbol } }: { ticket: TicketModel }) {
  const { phase } = form.progress.value;
  const isBuy = useComputed(() => form.draft.value.side === "BUY").value;
  const why = block.value;
  const isRepeat = phase === "unsettled";
  return (
    <div class="ticket-send">
      <Button
        type="submit"
        tone={isBuy ? "buy" : "sell"}
        isWide
        isBusy={phase === "sending"}
        disabled={why !== null && phase !== "sending" && !isRepeat}
      >
        {isRepeat ? "Ask again" : `${isBuy ? "Buy" : "Sell"} ${symbol.base_asset}`}
      </Button>
      <div role="status">
        {why !== null && !form.isLocked.value && (
          <p class="ticket-block">
            <Icon name="alert" /> {why}
          </p>
        )}
      </div>
    </div>
  );
}

function SignalNote({ ticket: { form } }: { ticket: TicketModel }) {
  const id = useComputed(() => form.draft.value.signalId).value;
  if (id === "") return null;
  return (
    <p class="ticket-signal">
      <Icon name="spark" />
      <span>
        Filled in from <a href={href("analyses", id)}>an analysis</a>; nothing is sent until you do.
      </span>
      <Button isSmall tone="quiet" onClick={() => form.change({ signalId: "" })}>
        Unlink
      </Button>
    </p>
  );
}
