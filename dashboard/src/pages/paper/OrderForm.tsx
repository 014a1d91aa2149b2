/** The form of a paper order: checked as one types, sent once. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { isStale, quoteOf } from "../../live/prices";
import { big, digits } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { NumberField, Select } from "../../ui/Field";
import { OrderAnswer } from "./OrderAnswer";
import { OrderEstimate } from "./OrderEstimate";
import {
  amountField,
  checkOrder,
  isStop,
  type OrderBody,
  type OrderDraft,
  type OrderField,
  type OrderType,
  portionText,
  type Rules,
  type Side,
  type Surroundings,
  type TimeInForce,
} from "./orderDraft";
import type { Portfolio } from "./performance";
import { focusFirstError } from "./StartDialog";
import { SubmitProblem } from "./SubmitProblem";
import { type PaperTrade, typeText } from "./trades";
import { useSubmit } from "./useSubmit";

const TYPES: readonly OrderType[] = ["MARKET", "LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"];
const PORTIONS = [25, 50, 75, 100] as const;
const IN_FORCE = [
  ["GTC", "Until canceled"],
  ["IOC", "What fills at once"],
  ["FOK", "All at once or nothing"],
] as const satisfies readonly (readonly [TimeInForce, string])[];
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

function OrderFields(props: {
  form: OrderDraftForm;
  rules: Rules;
  around: Surroundings;
  errorOf: (field: OrderField) => string | undefined;
}) {
  const { form, rules, errorOf } = props;
  const type = form.type.value;
  return (
    <>
      <Select
        label="Type"
        value={type}
        choices={TYPES.map((each) => [each, typeText(each)] as const)}
        onChange={(chosen) => {
          form.type.value = chosen;
        }}
      />
      {isStop(type) && (
        <NumberField
          label="Stop price"
          value={form.stopPrice}
          step={rules.tick_size}
          unit={rules.quote_asset}
          hint="The order waits until a trade reaches it"
          error={errorOf("stop_price")}
        />
      )}
      {type !== "MARKET" && (
        <NumberField
          label="Limit price"
          value={form.price}
          step={rules.tick_size}
          unit={rules.quote_asset}
          error={errorOf("price")}
        />
      )}
      <AmountField {...props} />
      {type !== "MARKET" && (
        <Select
          label="Good"
          value={form.timeInForce.value}
          choices={IN_FORCE}
          onChange={(chosen) => {
            form.timeInForce.value = chosen;
          }}
        />
      )}
      {form.side.value === "BUY" && <Protection {...props} />}
    </>
  );
}

function AmountField(props: {
  form: OrderDraftForm;
  rules: Rules;
  around: Surroundings;
  errorOf: (field: OrderField) => string | undefined;
}) {
  const { form, rules, around } = props;
  const draft = form.draft();
  const field = amountField(draft);
  const isQuote = field === "quote_quantity";
  return (
    <div class="paper-amount">
      {draft.type === "MARKET" && (
        <Segmented
          label="Amount in"
          value={draft.unit}
          choices={[
            ["base", rules.base_asset],
            ["quote", rules.quote_asset],
          ]}
          onChange={(chosen) => {
            form.unit.value = chosen;
            form.amount.value = "";
          }}
        />
      )}
      <NumberField
        label={isQuote ? "Amount" : "Quantity"}
        value={form.amount}
        step={isQuote ? big(10) : rules.step_size}
        unit={isQuote ? rules.quote_asset : rules.base_asset}
        error={props.errorOf(field)}
      />
      <fieldset class="paper-portions">
        <legend class="visually-hidden">Part of what is free</legend>
        {PORTIONS.map((percent) => {
          const text = portionText(draft, percent, around);
          return (
            <Button
              key={percent}
              isSmall
              disabled={text === null}
              label={`${percent}% of what is free`}
              onClick={() => {
                if (text !== null) form.amount.value = text;
              }}
            >
              {percent}%
            </Button>
          );
        })}
      </fieldset>
    </div>
  );
}

function Protection(props: {
  form: OrderDraftForm;
  rules: Rules;
  errorOf: (field: OrderField) => string | undefined;
}) {
  const { form, rules, errorOf } = props;
  return (
    <details class="paper-details">
      <summary>Protect the position</summary>
      <div class="paper-detail-fields">
        <NumberField
          label="Stop loss"
          value={form.stopLoss}
          step={rules.tick_size}
          unit={rules.quote_asset}
          error={errorOf("stop_loss")}
        />
        <NumberField
          label="Take profit"
          value={form.takeProfit}
          step={rules.tick_size}
          unit={rules.quote_asset}
          error={errorOf("take_profit")}
        />
      </div>
    </details>
  );
}

type OrderDraftForm = ReturnType<typeof useOrderDraft>;

function useOrderDraft(side: Signal<Side>) {
  const fields = {
    side,
    type: useSignal<OrderType>("MARKET"),
    unit: useSignal<"base" | "quote">("base"),
    amount: useSignal(""),
    price: useSignal(""),
    stopPrice: useSignal(""),
    timeInForce: useSignal<TimeInForce>("GTC"),
    stopLoss: useSignal(""),
    takeProfit: useSignal(""),
  };
  const draft = (): OrderDraft => ({
    side: fields.side.value,
    type: fields.type.value,
    unit: fields.unit.value,
    amount: fields.amount.value,
    price: fields.price.value,
    stopPrice: fields.stopPrice.value,
    timeInForce: fields.timeInForce.value,
    stopLoss: fields.stopLoss.value,
    takeProfit: fields.takeProfit.value,
  });
  return { ...fields, draft };
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
