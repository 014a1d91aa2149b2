/** The ticket's state: what is typed, and what became of the order. */
import { batch, computed, signal } from "@preact/signals";
import { api } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import { profile } from "../../api/session";
import { type Trade, takeOrder } from "../../live/private";
import { Attempts, isUnsettled } from "./attempts";
import { bodyOf, changed, type Draft, NEW_DRAFT, type OrderBody } from "./order";

/** How far an order is. */
export type Progress =
  | { phase: "writing" }
  | { phase: "sending" }
  | { phase: "answered"; trade: Trade }
  | { phase: "refused"; problem: Problem }
  /** No answer came: it may have been placed. */
  | { phase: "unsettled"; problem: Problem };

const WRITING: Progress = { phase: "writing" };

/** One symbol's order form. */
export class OrderForm {
  readonly amount = signal("");
  readonly price = signal("");
  readonly stopPrice = signal("");
  readonly progress = signal<Progress>(WRITING);
  /** Somebody tried to send it: what is missing is wrong from now on. */
  readonly isTried = signal(false);
  readonly #choices = signal<Draft>(NEW_DRAFT);
  readonly draft = computed<Draft>(() => ({
    ...this.#choices.value,
    amount: this.amount.value,
    price: this.price.value,
    stopPrice: this.stopPrice.value,
  }));
  /** Nothing may be changed: an order is on its way, or may be. */
  readonly isLocked = computed(() => isUnderWay(this.progress.value));
  readonly #attempts = new Attempts<OrderBody, Trade>((body, key) =>
    api.post("/api/trades/execute", { body, headers: { "Idempotency-Key": key } }),
  );

  /** Changes the draft; what was said of the last one no longer holds. */
  change(change: Partial<Draft>): void {
    const next = changed(this.draft.peek(), change);
    batch(() => {
      this.#choices.value = next;
      this.amount.value = next.amount;
      this.price.value = next.price;
      this.stopPrice.value = next.stopPrice;
      if (this.progress.peek().phase === "refused") this.progress.value = WRITING;
    });
  }

  /** Empties the fields; side and type stay. */
  clear(): void {
    if (this.isLocked.peek()) return;
    batch(() => {
      this.change({ amount: "", price: "", stopPrice: "", signalId: "" });
      this.isTried.value = false;
      this.progress.value = WRITING;
    });
  }

  /** Sends the order, or asks again what became of the last one. */
  async send(symbol: string): Promise<void> {
    if (this.progress.peek().phase === "sending") return;
    this.progress.value = { phase: "sending" };
    try {
      const trade = await this.#attempts.make(bodyOf(this.draft.peek(), symbol));
      takeOrder(trade);
      batch(() => {
        this.progress.value = WRITING;
        this.clear();
        this.progress.value = { phase: "answered", trade };
      });
    } catch (thrown) {
      const problem = problemOf(thrown);
      this.progress.value = { phase: isUnsettled(problem) ? "unsettled" : "refused", problem };
    }
  }

  /** Takes what became of the order that was answered with. */
  take(trade: Trade): void {
    const now = this.progress.peek();
    if (now.phase !== "answered" || now.trade.trade_id !== trade.trade_id) return;
    if (now.trade.updated_at <= trade.updated_at)
      this.progress.value = { phase: "answered", trade };
  }

  /** Stops asking what became of the last order; it may have been placed. */
  setAside(): void {
    this.#attempts.forget();
    this.progress.value = WRITING;
  }
}

function isUnderWay({ phase }: Progress): boolean {
  return phase === "sending" || phase === "unsettled";
}

const forms = new Map<string, OrderForm>();

/**
 * A symbol's form: a new one, or the one whose order is still under way. Whoever looks at another
 * page meanwhile must not come back to a form that would send the order twice.
 */
export function formOf(symbol: string): OrderForm {
  const name = `${profile.peek()?.id}/${symbol}`;
  const found = forms.get(name);
  if (found?.isLocked.peek()) return found;
  const made = new OrderForm();
  forms.set(name, made);
  return made;
}
