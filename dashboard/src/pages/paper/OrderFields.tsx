/** The fields of a paper order. */
import { type Signal, useSignal } from "@preact/signals";
import { big } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { NumberField, Select } from "../../ui/Field";
import {
  amountField,
  isStop,
  type OrderDraft,
  type OrderField,
  type OrderType,
  portionText,
  type Rules,
  type Side,
  type Surroundings,
  type TimeInForce,
} from "./orderDraft";
import { typeText } from "./trades";

const TYPES: readonly OrderType[] = ["MARKET", "LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"];
const PORTIONS = [25, 50, 75, 100] as const;
const IN_FORCE = [
  ["GTC", "Until canceled"],
  ["IOC", "What fills at once"],
  ["FOK", "All at once or nothing"],
] as const satisfies readonly (readonly [TimeInForce, string])[];
/** Everything about the order but its side. */
export function OrderFields(props: {
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

/** The fields of the form. */
export type OrderDraftForm = ReturnType<typeof useOrderDraft>;

/** The fields as signals, and what is typed in them now. */
export function useOrderDraft(side: Signal<Side>) {
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
