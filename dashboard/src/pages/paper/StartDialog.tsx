/** Starts a session: a name, a balance, and how real it is to be. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { api } from "../../api/client";
import { big } from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";
import { href, navigate } from "../../shell/router";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field, NumberField } from "../../ui/Field";
import { PaperBadge } from "./PaperBadge";
import { nameOf } from "./performance";
import { SubmitProblem } from "./SubmitProblem";
import { checkStart, DETAIL_FIELDS, type StartBody, type StartField } from "./startDraft";
import { useSubmit } from "./useSubmit";

const ONE_BPS = big(1);

export function StartDialog({ onClose }: { onClose: () => void }) {
  const form = useStartForm();
  const details = useRef<HTMLDetailsElement>(null);
  const isAsked = useSignal(false);
  const { body, wrong } = checkStart(form.draft());
  const submission = useSubmit(
    (sent: StartBody, headers) => api.post("/api/paper-trading/start", { body: sent, headers }),
    (session) => {
      toast(`Paper session “${nameOf(session)}” has begun`, "good");
      navigate(href("paper", session.session_id));
    },
  );
  const errorOf = (field: StartField) =>
    (isAsked.value ? wrong[field] : undefined) ?? submission.problem?.fieldMessage(field);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    isAsked.value = true;
    const isDetailWrong = DETAIL_FIELDS.some((field) => wrong[field] !== undefined);
    if (isDetailWrong && details.current) details.current.open = true;
    if (Object.keys(wrong).length === 0) submission.submit(body);
    else focusFirstError(event.currentTarget as HTMLFormElement);
  };
  return (
    <Dialog title="Start a paper session" onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        <p class="form-note">
          <PaperBadge /> Orders meet the live market, with money that is not real. Your risk limits
          of now apply.
        </p>
        <Field
          label="Name"
          value={form.name}
          maxLength={100}
          placeholder="Such as “Trend, tight stops”"
          error={errorOf("name")}
        />
        <NumberField
          label="Initial balance"
          value={form.initial_balance}
          step={big(1_000)}
          unit={QUOTE_ASSET}
          error={errorOf("initial_balance")}
        />
        <details ref={details} class="paper-details">
          <summary>Details</summary>
          <DetailFields form={form} errorOf={errorOf} />
        </details>
        <SubmitProblem
          {...submission}
          what="the session was started"
          onAskAgain={() => submission.submit(body)}
        />
        <div class="dialog-actions">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" tone="primary" isBusy={submission.isBusy}>
            Start session
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DetailFields(props: {
  form: StartForm;
  errorOf: (field: StartField) => string | undefined;
}) {
  const { form, errorOf } = props;
  return (
    <div class="paper-detail-fields">
      <NumberField
        label="Taker fee"
        value={form.taker_fee_bps}
        step={ONE_BPS}
        unit="bps"
        hint="Of what fills at once. 10 bps are 0.1%"
        error={errorOf("taker_fee_bps")}
      />
      <NumberField
        label="Maker fee"
        value={form.maker_fee_bps}
        step={ONE_BPS}
        unit="bps"
        hint="Of what rested in the book first"
        error={errorOf("maker_fee_bps")}
      />
      <NumberField
        label="Extra slippage"
        value={form.slippage_bps}
        step={ONE_BPS}
        unit="bps"
        hint="On average, on top of walking the live book"
        error={errorOf("slippage_bps")}
      />
      <NumberField
        label="Latency"
        value={form.latency_ms}
        step={big(10)}
        unit="ms"
        hint="From decision to arrival at the book, up to 5,000"
        error={errorOf("latency_ms")}
      />
      <NumberField
        label="Seed"
        value={form.seed}
        step={ONE_BPS}
        hint="The same seed draws the same slippage"
        error={errorOf("seed")}
      />
    </div>
  );
}

type StartForm = ReturnType<typeof useStartForm>;

/** The fields, with the API's own values to begin with. */
function useStartForm() {
  const fields = {
    name: useSignal(""),
    initial_balance: useSignal("10000"),
    taker_fee_bps: useSignal("10"),
    maker_fee_bps: useSignal("10"),
    slippage_bps: useSignal("0"),
    latency_ms: useSignal("0"),
    seed: useSignal("0"),
  };
  const draft = () => ({
    name: fields.name.value,
    initial_balance: fields.initial_balance.value,
    taker_fee_bps: fields.taker_fee_bps.value,
    maker_fee_bps: fields.maker_fee_bps.value,
    slippage_bps: fields.slippage_bps.value,
    latency_ms: fields.latency_ms.value,
    seed: fields.seed.value,
  });
  return { ...fields, draft };
}

/** Once the errors are on the page, goes to the first field that has one. */
export function focusFirstError(form: HTMLFormElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
