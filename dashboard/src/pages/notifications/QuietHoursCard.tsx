import { useSignal } from "@preact/signals";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Checkbox, Field } from "../../ui/Field";
import { FormProblem } from "./FormProblem";
import { refusalOf } from "./refusals";
import { quietFormOf, quietRequest } from "./schedule";
import { TimezoneField } from "./TimezoneField";
import { ownTimezone } from "./timezones";
import { type SettingsProps, useSave } from "./useSettings";

const SHOWN = ["quiet_hours", "quiet_hours.from", "quiet_hours.to", "quiet_hours.timezone"];

/** From when to when nothing is sent. */
export function QuietHoursCard({ settings, replace }: SettingsProps) {
  const before = quietFormOf(settings, ownTimezone());
  const isOn = useSignal(before.isOn);
  const from = useSignal(before.from);
  const to = useSignal(before.to);
  const timezone = useSignal(before.timezone);
  const { save, isBusy, problem } = useSave(replace);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = {
      isOn: isOn.value,
      from: from.value,
      to: to.value,
      timezone: timezone.value,
    };
    const saved = await save(() => ({ quiet_hours: quietRequest(form) }));
    if (saved !== null) toast(form.isOn ? "Quiet hours saved" : "Quiet hours are off", "good");
  };
  return (
    <Card title="Quiet hours">
      <form class="form" onSubmit={submit}>
        <p class="form-note">
          Nothing is sent then; it comes in one message at their end. What is about security comes
          at once all the same.
        </p>
        <Checkbox
          label="Keep quiet hours"
          checked={isOn.value}
          onChange={(checked) => {
            isOn.value = checked;
          }}
        />
        {isOn.value && (
          <div class="field-row">
            <Field
              label="From"
              type="time"
              value={from}
              required
              error={refusalOf(problem, "quiet_hours.from")}
            />
            <Field
              label="To"
              type="time"
              value={to}
              required
              error={refusalOf(problem, "quiet_hours.to", "quiet_hours")}
            />
            <TimezoneField timezone={timezone} error={refusalOf(problem, "quiet_hours.timezone")} />
          </div>
        )}
        <FormProblem problem={problem} shown={isOn.value ? SHOWN : []} />
        <div>
          <Button type="submit" tone="primary" isBusy={isBusy}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
