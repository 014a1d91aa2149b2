/** The keys with which orders are sent: written here, never readable again. */
import { useSignal } from "@preact/signals";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { openOrders, rereadAccount } from "../../live/private";
import { href } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Badge } from "../../ui/numbers";
import { keyError, type VenueWords } from "./venues";

export function VenueKeys({ venue }: { venue: VenueWords }) {
  const key = useSignal("");
  const secret = useSignal("");
  const isTried = useSignal(false);
  const isAsked = useSignal(false);
  const isDone = useSignal(false);

  const replace = useAct(async () => {
    try {
      await api.put("/api/account/venue-credentials", {
        body: { api_key: key.value, api_secret: secret.value },
      });
    } finally {
      isAsked.value = false;
    }
    key.value = "";
    secret.value = "";
    isTried.value = false;
    isDone.value = true;
    // The balances are those of other keys now, and no event says so.
    void rereadAccount();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    isTried.value = true;
    isAsked.value = !keyError(key.value) && !keyError(secret.value);
  };
  const onChange = () => {
    isDone.value = false;
    replace.forget();
  };
  const errorOf = (text: string, field: string) =>
    (isTried.value ? keyError(text) : undefined) ?? replace.problem?.fieldMessage(field);

  return (
    <form class="form" noValidate onSubmit={submit}>
      <p class="row">
        <Badge tone={venue.isRealMoney ? "warning" : "accent"}>{venue.name}</Badge>
        <span>{venue.meaning}</span>
      </p>
      <OpenOrdersNote />
      <Field
        label="API key"
        value={key}
        onChange={onChange}
        error={errorOf(key.value, "api_key")}
      />
      <Field
        label="API secret"
        type="password"
        autocomplete="new-password"
        value={secret}
        onChange={onChange}
        error={errorOf(secret.value, "api_secret")}
        hint="Kept sealed. Nobody can read it again, not even you."
      />
      {replace.problem && (
        <p class="form-error" role="alert">
          <Icon name="alert" />
          <span>
            {replace.problem.message}{" "}
            {replace.problem.isOutcomeUnknown &&
              "The keys may have been replaced: save them again, which does no harm, and then look at the trading state."}
          </span>
        </p>
      )}
      <div class="row">
        <Button type="submit" isBusy={replace.isBusy}>
          Replace keys
        </Button>
        <span role="status" class="up">
          {isDone.value && "Replaced. The balances are those of the new keys."}
        </span>
      </div>
      {isAsked.value && (
        <Confirm
          title="Replace the keys?"
          action="Replace keys"
          isBusy={replace.isBusy}
          onConfirm={replace.run}
          onClose={() => {
            isAsked.value = false;
          }}
        >
          <p>
            The present keys are forgotten. {venue.name} is asked whether it knows the new ones, and
            your balances become those of their account. Trading is halted until that is done.
          </p>
        </Confirm>
      )}
    </form>
  );
}

function OpenOrdersNote() {
  const count = openOrders.value?.length ?? 0;
  if (count === 0) return null;
  return (
    <p class="warning-text">
      {count === 1 ? "One order is open" : `${count} orders are open`} under the present keys.{" "}
      <a href={href("positions")}>Cancel first</a> what is open: until then keys are not replaced.
    </p>
  );
}
