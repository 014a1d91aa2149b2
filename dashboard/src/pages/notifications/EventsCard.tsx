import { useSignal } from "@preact/signals";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { EventChoice } from "./EventChoice";
import type { EventName } from "./events";
import { FormProblem } from "./FormProblem";
import { type SettingsProps, useSave } from "./useSettings";

/** What one is told of, in the list and at every target. */
export function EventsCard({ settings, replace }: SettingsProps) {
  const chosen = useSignal<readonly string[]>(settings.events);
  const { save, isBusy, problem } = useSave(replace);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const saved = await save(() => ({ events: chosen.value as readonly EventName[] }));
    if (saved !== null) toast("Saved what you are told of", "good");
  };
  return (
    <Card
      title="What you are told of"
      actions={
        <Button
          isSmall
          tone="quiet"
          onClick={() => {
            chosen.value = settings.default_events;
          }}
        >
          The usual choice
        </Button>
      }
    >
      <form class="form" onSubmit={submit}>
        <p class="form-note">
          This holds for the list and for every target; a target may have less of it. What is about
          security is in the list whatever you choose.
        </p>
        <EventChoice
          label="Events"
          available={settings.available_events}
          chosen={chosen.value}
          onChange={(names) => {
            chosen.value = names;
          }}
        />
        <FormProblem problem={problem} />
        <div>
          <Button type="submit" tone="primary" isBusy={isBusy}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
