import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { api, type Schema } from "../../api/client";
import { isStale, quoteOf, usePrices } from "../../live/prices";
import {
  onPrivate,
  openOrders,
  openPositions,
  ownAccount,
  rereadAccount,
  type Trade,
} from "../../live/private";
import { isLive } from "../../live/socket";
import { decimal } from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";
import { route } from "../../shell/router";
import { type Estimate, estimateOf } from "./estimate";
import { formOf, type OrderForm } from "./form";
import type { Known } from "./known";
import { suggestionOf } from "./suggestion";
import { blockOf, errorsOf, type FieldErrors, missingOf } from "./validation";

type TradedSymbol = Schema<"TradedSymbol">;

/** A ticket: its form, and what there is to say about what is typed. */
export interface TicketModel {
  symbol: TradedSymbol;
  form: OrderForm;
  known: ReadonlySignal<Known>;
  estimate: ReadonlySignal<Estimate | null>;
  errors: ReadonlySignal<FieldErrors>;
  /** Why nothing can be sent. */
  block: ReadonlySignal<string | null>;
}

/** The ticket of a symbol, which must stay the same. */
export function useTicket(symbol: TradedSymbol): TicketModel {
  const form = useMemo(() => formOf(symbol.symbol), [symbol.symbol]);
  const isRefused = useComputed(() => form.progress.value.phase === "refused").value;
  const known = useKnown(symbol, isRefused);
  const estimate = useComputed(() => estimateOf(form.draft.value, known.value));
  const block = useComputed(() => blockOf(form.draft.value, known.value));
  const errors = useComputed(() => ({
    ...(form.isTried.value ? missingOf(form.draft.value) : {}),
    ...errorsOf(form.draft.value, known.value),
    ...refusedFields(form),
  }));
  useEffect(
    () =>
      onPrivate(({ type, data }) => {
        if (type === "order_update") form.take(data as unknown as Trade);
      }),
    [form],
  );
  useSuggestion(form, symbol);
  return { symbol, form, known, estimate, errors, block };
}

function useKnown(symbol: TradedSymbol, isRefused: boolean): ReadonlySignal<Known> {
  const limits = useSignal<Schema<"Limits"> | null>(null);
  // Limits are in the account's asset; where the symbol's is another, its rate is needed.
  const cross = symbol.quote_asset === QUOTE_ASSET ? null : symbol.quote_asset + QUOTE_ASSET;
  usePrices(cross === null ? [symbol.symbol] : [symbol.symbol, cross]);
  // No event tells of a changed trading state or limit: read when the ticket opens, when one
  // comes back to it, and when an order was refused, which may have been because of either.
  useEffect(() => {
    void rereadAccount();
    const reread = () => void rereadAccount();
    window.addEventListener("focus", reread);
    return () => window.removeEventListener("focus", reread);
  }, [isRefused]);
  useEffect(() => {
    const abort = new AbortController();
    api
      .get("/api/risk/limits", { signal: abort.signal })
      .then((answer) => {
        limits.value = answer;
      })
      // Unknown limits are shown as unknown; the API judges the order by them in any case.
      .catch(() => {});
    return () => abort.abort();
  }, [limits, isRefused]);
  return useComputed(() => ({
    symbol,
    isConnected: isLive.value,
    quote: isStale(symbol.symbol).value ? null : quoteOf(symbol.symbol).value,
    rate: cross === null ? decimal("1") : liveBid(cross),
    account: ownAccount.value,
    orders: openOrders.value,
    positions: openPositions.value,
    limits: limits.value,
  }));
}

function liveBid(symbol: string) {
  return isStale(symbol).value ? null : (quoteOf(symbol).value?.bid ?? null);
}

/** What the API said of single fields. */
function refusedFields({ progress }: OrderForm): FieldErrors {
  const now = progress.value;
  if (now.phase !== "refused") return {};
  const { problem } = now;
  const told = {
    amount: problem.fieldMessage("quantity") ?? problem.fieldMessage("quote_quantity"),
    price: problem.fieldMessage("price"),
    stopPrice: problem.fieldMessage("stop_price"),
  };
  const fields = Object.entries(told).filter(([, message]) => message !== undefined);
  return Object.fromEntries(fields);
}

/** Fills in what the address suggests, when the ticket opens and when another one is followed. */
function useSuggestion(form: OrderForm, symbol: TradedSymbol): void {
  const query = route.value.query.toString();
  useEffect(() => {
    if (query === "" || form.isLocked.peek()) return;
    // What another order left behind is no part of it.
    form.clear();
    form.change({ timeInForce: "GTC" });
    form.change(suggestionOf(new URLSearchParams(query), symbol.tick_size));
  }, [form, query, symbol]);
}
