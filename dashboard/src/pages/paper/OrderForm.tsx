/** The form of a paper order: checked as one types, sent once. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { isStale, quoteOf } from "../../live/prices";
import { big, digits } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { OrderAnswer } from "./OrderAnswer";
import { OrderEstimate } from "./OrderEstimate";
import { OrderFields, useOrderDraft } from "./OrderFields";
import {
  checkOrder,
  type OrderBody,
  type OrderField,
  type Rules,
  type Side,
  type Surroundings,
} from "./orderDraft";
import type { Portfolio } from "./performance";
import { focusFirstError } from "./StartDialog";
import { SubmitProblem } from "./SubmitProblem";
import type { PaperTrade } from "./trades";
import { useSubmit } from "./useSubmit";

const SIDE_TONES: Record<Side, string> = { BUY: "buy", SELL: "sell" };

export function OrderForm(props: {
  rules: Rules;
  side: Signal<Side>;
  portfolio: Portfolio;
  onTraded: (trade: PaperTrade) => void;
}) {
  const { rules, portfolio } = props;
  const form = useOrderDraft(props.side);
  const around = useSurroundings(rules, portfolio);
  const isAsked = useSignal(false);
  const answered = useSignal<PaperTrade | null>(null);
  const { body, wrong, missing, estimate } = checkOrder(form.draft(), around);
  const submission = useSubmit(
    (order: OrderBody, headers) =>
      api.post("/api/paper-trading/execute", {
        body: { ...order, session_id: portfolio.session_id },
        headers,
      }),
    (trade) => {
      answered.value = trade;
      isAsked.value = false;
      form.amount.value = "";
      props.onTraded(trade);
    },
  );
  const sent = useSignal<OrderBody | null>(null);
  const errorOf = (field: OrderField) =>
    wrong[field] ??
    (isAsked.value ? missing[field] : undefined) ??
    (submission.isUnknown ? undefined : submission.problem?.fieldMessage(field));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    isAsked.value = true;
    if (Object.keys({ ...wrong, ...missing }).length > 0) {
      focusFirstError(event.currentTarget as HTMLFormElement);
      return;
    }
    answered.value = null;
    sent.value = body;
    submission.submit(body);
  };
  const side = form.side.value;
  return (
    <form class="form" onSubmit={submit} noValidate>
      <fieldset class="form paper-fields" disabled={submission.isUnknown || submission.isBusy}>
        <legend class="visually-hidden">Paper order for {rules.symbol}</legend>
        <Segmented
          label="Side"
          value={side}
          choices={[
            ["BUY", "Buy"],
            ["SELL", "Sell"],
          ]}
          toneOf={(choice) => SIDE_TONES[choice]}
          onChange={(chosen) => {
            form.side.value = chosen;
          }}
        />
        <OrderFields form={form} rules={rules} around={around} errorOf={errorOf} />
      </fieldset>
      <OrderEstimate estimate={estimate} side={side} around={around} />
      <SubmitProblem
        {...submission}
        what="the paper order was taken"
        onAskAgain={() => sent.value && submission.submit(sent.value)}
      />
      {submission.isUnknown ? (
        <Button isWide onClick={submission.clear}>
          Give up asking
        </Button>
      ) : (
        <Button
          type="submit"
          tone={side === "BUY" ? "buy" : "sell"}
          icon="flask"
          isWide
          isBusy={submission.isBusy}
        >
          {side === "BUY" ? "Buy" : "Sell"} {rules.base_asset} {side === "BUY" ? "with" : "for"}{" "}
          paper money
        </Button>
      )}
      <OrderAnswer trade={answered.value} rules={rules} />
      <p class="paper-note">Simulated. No order leaves for the venue, no real money moves.</p>
    </form>
  );
}

function useSurroundings(rules: Rules, portfolio: Portfolio): Surroundings {
  const quote = useComputed(() => {
    const { symbol } = rules;
    return isStale(symbol).value ? null : quoteOf(symbol).value;
  });
  const free = (wanted: string) =>
    big(portfolio.balances.find(({ asset }) => asset === wanted)?.free ?? digits(big(0)));
  return {
    rules,
    quote: quote.value,
    freeBase: free(rules.base_asset),
    freeQuote: free(rules.quote_asset),
    takerFeeBps: portfolio.taker_fee_bps,
  };
}
