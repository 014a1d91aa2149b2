/** The limits: typed, compared with what is so, and saved. */
import { type Signal, signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { format } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { NumberField } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import {
  differences,
  draftOf,
  LIMITS,
  type LimitChange,
  type LimitName,
  type Limits,
  type LimitTexts,
  requestOf,
  textsOf,
} from "./limits";

type LimitFields = Record<LimitName, Signal<string>>;

export function LimitsForm(props: { limits: Limits; onSaved: (limits: Limits) => void }) {
  const { limits } = props;
  // Once only: what somebody types is not overwritten by an answer that comes meanwhile.
  const fields = useMemo(() => fieldsOf(limits), []);
  const saved = useSignal<readonly LimitChange[] | null>(null);
  const { changes, errors } = draftOf(limits, typedIn(fields));
  const isWrong = Object.keys(errors).length > 0;

  const save = useAct(async () => {
    const answer = await api.put("/api/risk/limits", { body: requestOf(changes) });
    saved.value = differences(limits, answer);
    write(fields, textsOf(answer));
    props.onSaved(answer);
  });
  const undo = () => {
    save.forget();
    write(fields, textsOf(limits));
  };

  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isWrong) focusFirstWrong(event.currentTarget);
        else if (changes.length === 0) saved.value = [];
        else save.run();
      }}
    >
      <div class="limits-fields">
        {LIMITS.map(({ name, label, hint, unit, step }) => (
          <NumberField
            key={name}
            label={label}
            unit={unit}
            step={step}
            hint={hint}
            value={fields[name]}
            error={errors[name] ?? save.problem?.fieldMessage(name)}
            onChange={() => {
              saved.value = null;
              save.forget();
            }}
          />
        ))}
      </div>
      <div class="limits-end">
        <div>{changes.length > 0 && <Changes title="Will change" changes={changes} />}</div>
        <div role="status">{changes.length === 0 && <Saved changes={saved.value} />}</div>
        <div>
          {save.problem && (
            <p class="form-error" role="alert">
              <Icon name="alert" /> {save.problem.message}
            </p>
          )}
        </div>
        <div class="row">
          <Button type="submit" tone="primary" isBusy={save.isBusy}>
            Save limits
          </Button>
          {(changes.length > 0 || isWrong) && (
            <Button tone="quiet" onClick={undo}>
              Undo
            </Button>
          )}
        </div>
      </div>
    </form>
  );
}

function Saved({ changes }: { changes: readonly LimitChange[] | null }) {
  if (changes === null) return null;
  if (changes.length === 0) return <p class="muted">Nothing has changed.</p>;
  return <Changes title="Saved" changes={changes} />;
}

function Changes({ title, changes }: { title: string; changes: readonly LimitChange[] }) {
  return (
    <div class="limit-changes">
      <h3>{title}</h3>
      <ul>
        {changes.map(({ spec, from, to, isLooser }) => (
          <li key={spec.name}>
            <span>{spec.label}</span>
            <span class="figures">
              {format(from)} <span aria-hidden="true">→</span>
              <span class="visually-hidden">becomes</span> <strong>{format(to)}</strong>{" "}
              <span class="unit">{spec.unit}</span>
            </span>
            <span class={isLooser ? "warning-text" : "muted"}>
              {isLooser ? "allows more" : "allows less"}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function focusFirstWrong(form: HTMLFormElement): void {
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

function fieldsOf(limits: Limits): LimitFields {
  const texts = textsOf(limits);
  const fields = LIMITS.map(({ name }) => [name, signal(texts[name])]);
  return Object.fromEntries(fields) as LimitFields;
}

function typedIn(fields: LimitFields): LimitTexts {
  return Object.fromEntries(LIMITS.map(({ name }) => [name, fields[name].value])) as LimitTexts;
}

function write(fields: LimitFields, texts: LimitTexts): void {
  for (const { name } of LIMITS) fields[name].value = texts[name];
}
