import { useSignal } from "@preact/signals";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Segmented } from "../../ui/Choice";
import { Field, NumberField } from "../../ui/Field";
import { FormProblem } from "./FormProblem";
import { refusalOf } from "./refusals";
import { type DigestForm, digestFormOf, digestRequest, minutesError } from "./schedule";
import { TimezoneField } from "./TimezoneField";
import { ownTimezone } from "./timezones";
import { type SettingsProps, useSave } from "./useSettings";

const KINDS = [
  ["off", "At once"],
  ["every", "Every so often"],
  ["daily", "Once a day"],
] as const;

const SHOWN = ["digest", "digest.every_minutes", "digest.daily_at", "digest.timezone"];

/** Everything in one message, every so often or once a day. */
export function DigestCard({ settings, replace }: SettingsProps) {
  const before = digestFormOf(settings, ownTimezone());
  const kind = useSignal(before.kind);
  const everyMinutes = useSignal(before.everyMinutes);
  const dailyAt = useSignal(before.dailyAt);
  const timezone = useSignal(before.timezone);
  const { save, isBusy, problem } = useSave(replace);
  const wrongMinutes = kind.value === "every" ? minutesError(everyMinutes.value) : undefined;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (wrongMinutes !== undefined) return;
    const form: DigestForm = {
      kind: kind.value,
      everyMinutes: everyMinutes.value,
      dailyAt: dailyAt.value,
      timezone: timezone.value,
    };
    const saved = await save(() => ({ digest: digestRequest(form) }));
    if (saved !== null) toast(form.kind === "off" ? "Told at once" : "Digest saved", "good");
  };
  return (
    <Card title="Digest">
      <form class="form" onSubmit={submit}>
        <p class="form-note">
          A digest gathers everything in one message. What is about security comes at once all the
          same, and the list here never waits.
        </p>
        <div>
          <Segmented
            label="When messages are sent"
            value={kind.value}
            choices={KINDS}
            onChange={(chosen) => {
              kind.value = chosen;
            }}
          />
        </div>
        {kind.value === "every" && (
          <div class="field-row">
            <NumberField
              label="Every"
              unit="minutes"
              value={everyMinutes}
              error={wrongMinutes ?? refusalOf(problem, "digest.every_minutes", "digest")}
            />
          </div>
        )}
        {kind.value === "daily" && (
          <div class="field-row">
            <Field
              label="At"
              type="time"
              value={dailyAt}
              required
              error={refusalOf(problem, "digest.daily_at", "digest")}
            />
            <TimezoneField timezone={timezone} error={refusalOf(problem, "digest.timezone")} />
          </div>
        )}
        <FormProblem problem={problem} shown={kind.value === "off" ? [] : SHOWN} />
        <div>
          <Button type="submit" tone="primary" isBusy={isBusy}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
