/** A new target, or changes to one. */
import { type Signal, useSignal } from "@preact/signals";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { Dialog } from "../../ui/Dialog";
import { Checkbox, Field, NumberField, Select } from "../../ui/Field";
import { EventChoice } from "./EventChoice";
import { FormProblem } from "./FormProblem";
import { refusalOf } from "./refusals";
import {
  perMinuteError,
  TARGET_KINDS,
  type TargetForm,
  type TargetKind,
  wishesWith,
} from "./targets";
import { readSettings, type Settings, type SettingsProps, useSave } from "./useSettings";

const KIND_CHOICES = (Object.keys(TARGET_KINDS) as TargetKind[]).map(
  (kind) => [kind, TARGET_KINDS[kind].words] as const,
);

const EVENT_CHOICES = [
  ["all", "Everything I am told of"],
  ["some", "Only some of it"],
] as const;

export function TargetDialog(
  props: SettingsProps & {
    form: TargetForm;
    onSaved: (settings: Settings, index: number) => void;
    onClose: () => void;
  },
) {
  const { form, settings } = props;
  const isNew = form.targetId === null;
  const name = useSignal(form.name);
  const kind = useSignal(form.kind);
  const url = useSignal(form.url);
  const isEnabled = useSignal(form.isEnabled);
  const events = useSignal(form.events);
  const perMinute = useSignal(form.perMinute);
  const rotatesSecret = useSignal(form.rotatesSecret);
  const place = useSignal(0);
  const { save, isBusy, problem } = useSave(props.replace);
  const wrongLimit = perMinuteError(perMinute.value);
  const path = (field: string) => `targets.${place.value}.${field}`;
  const look = TARGET_KINDS[kind.value];

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (wrongLimit !== undefined) return;
    const saved = await save(async () => {
      // A PUT replaces all targets: those that were added elsewhere meanwhile stay.
      const { wishes, index } = wishesWith((await readSettings()).targets, {
        targetId: form.targetId,
        name: name.value,
        kind: kind.value,
        url: url.value,
        isEnabled: isEnabled.value,
        events: events.value,
        perMinute: perMinute.value,
        rotatesSecret: rotatesSecret.value && kind.value === "webhook",
      });
      place.value = index;
      return { targets: wishes };
    });
    if (saved !== null) props.onSaved(saved, place.value);
  };
  return (
    <Dialog title={isNew ? "Add a target" : `Edit ${form.name}`} onClose={props.onClose}>
      <form class="form" onSubmit={submit}>
        <Select
          label="Kind"
          value={kind.value}
          choices={KIND_CHOICES}
          error={refusalOf(problem, path("kind"))}
          onChange={(chosen) => {
            kind.value = chosen;
          }}
        />
        <Field
          label="Name"
          value={name}
          required
          maxLength={100}
          placeholder="My phone"
          error={refusalOf(problem, path("name"))}
        />
        <Field
          label={isNew ? "Address" : "New address"}
          value={url}
          required={isNew || kind.value !== form.kind}
          placeholder={look.example}
          hint={isNew ? look.hint : "Leave it empty to keep the one there is. It is not shown."}
          error={refusalOf(problem, path("url"))}
        />
        <NumberField
          label="At most"
          unit="messages a minute"
          value={perMinute}
          hint="What is more is not lost: it comes together a little later."
          error={wrongLimit ?? refusalOf(problem, path("max_per_minute"))}
        />
        <EventsOfTarget settings={settings} events={events} />
        <div>
          <Checkbox
            label="Send to this target"
            checked={isEnabled.value}
            onChange={(checked) => {
              isEnabled.value = checked;
            }}
          />
          {!isNew && form.kind === "webhook" && kind.value === "webhook" && (
            <Checkbox
              label="Make a new signing secret; the old one ends at once"
              checked={rotatesSecret.value}
              onChange={(checked) => {
                rotatesSecret.value = checked;
              }}
            />
          )}
        </div>
        <FormProblem
          problem={problem}
          shown={["kind", "name", "url", "max_per_minute"].map(path)}
        />
        <div class="dialog-actions">
          <Button onClick={props.onClose}>Back</Button>
          <Button type="submit" tone="primary" isBusy={isBusy}>
            {isNew ? "Add" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** All that one is told of, or some of it. */
function EventsOfTarget(props: { settings: Settings; events: Signal<readonly string[] | null> }) {
  const { settings, events } = props;
  return (
    <div class="form-group">
      <Segmented
        label="Events for this target"
        value={events.value === null ? "all" : "some"}
        choices={EVENT_CHOICES}
        onChange={(chosen) => {
          events.value = chosen === "all" ? null : settings.events;
        }}
      />
      {events.value !== null && (
        <EventChoice
          label="Events for this target"
          available={settings.available_events}
          chosen={events.value}
          onChange={(names) => {
            events.value = names;
          }}
        />
      )}
    </div>
  );
}
