import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { big, digits, type Exact, parseTyped } from "../money/decimal";

interface Described {
  label: string;
  /** What is wrong, in place of the hint. */
  error?: string | undefined;
  hint?: ComponentChildren;
  isLabelHidden?: boolean;
}

type Control = { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean };

/** A control with its label, and its error or hint under it. */
function Labelled(props: Described & { children: (control: Control) => ComponentChildren }) {
  const id = useId();
  const note = props.error ?? props.hint;
  const noteId = note === undefined ? undefined : `${id}-note`;
  return (
    <div class="field">
      <label for={id} class={props.isLabelHidden ? "visually-hidden" : "field-label"}>
        {props.label}
      </label>
      {props.children({
        id,
        "aria-describedby": noteId,
        "aria-invalid": props.error !== undefined,
      })}
      {note !== undefined && (
        <div id={noteId} class={props.error === undefined ? "field-hint" : "field-error"}>
          {note}
        </div>
      )}
    </div>
  );
}

export interface FieldProps extends Described {
  value: Signal<string>;
  type?: "text" | "email" | "password" | "search" | "date" | "time" | "url";
  autocomplete?: "off" | "email" | "name" | "current-password" | "new-password";
  placeholder?: string;
  required?: boolean;
  maxLength?: number;
  disabled?: boolean;
  onKeyDown?: (event: KeyboardEvent) => void;
  onChange?: (value: string) => void;
}

/** One line of text. */
export function Field(props: FieldProps) {
  return (
    <Labelled {...props}>
      {(control) => (
        <input
          {...control}
          class="input"
          // Preact's types know each type of input apart, and none for a variable.
          type={(props.type ?? "text") as "text"}
          value={props.value}
          autocomplete={props.autocomplete ?? "off"}
          placeholder={props.placeholder}
          required={props.required}
          maxLength={props.maxLength}
          disabled={props.disabled}
          onKeyDown={props.onKeyDown}
          onInput={(event) => {
            props.value.value = event.currentTarget.value;
            props.onChange?.(event.currentTarget.value);
          }}
        />
      )}
    </Labelled>
  );
}

export interface NumberFieldProps extends Described {
  /** The text as typed; `parseTyped` reads it. */
  value: Signal<string>;
  /** What the arrow keys add or take away. */
  step?: Exact | undefined;
  /** What the number is of, such as `USDT`; stands in the field. */
  unit?: string;
  placeholder?: string;
  disabled?: boolean;
  onChange?: (text: string) => void;
}

/** An exact number, typed as text: it is never rounded on its way. */
export function NumberField(props: NumberFieldProps) {
  const change = (text: string) => {
    props.value.value = text;
    props.onChange?.(text);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const stepped = steppedText(props.value.peek(), props.step, event);
    if (stepped === null) return;
    event.preventDefault();
    change(stepped);
  };
  return (
    <Labelled {...props}>
      {(control) => (
        <div class="input input-with-unit">
          <input
            {...control}
            type="text"
            inputMode="decimal"
            autocomplete="off"
            spellcheck={false}
            value={props.value}
            placeholder={props.placeholder}
            disabled={props.disabled}
            onKeyDown={onKeyDown}
            onInput={(event) => change(event.currentTarget.value)}
          />
          {props.unit && <span class="input-unit">{props.unit}</span>}
        </div>
      )}
    </Labelled>
  );
}

/** The text after an arrow key, null where the key means something else. Shift: ten steps. */
function steppedText(text: string, step: Exact | undefined, event: KeyboardEvent): string | null {
  const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
  const typed = parseTyped(text);
  if (direction === 0 || step === undefined || typed.kind === "invalid") return null;
  const from = typed.kind === "number" ? typed.value : big(0);
  const next = from.plus(big(step).times(direction * (event.shiftKey ? 10 : 1)));
  return next.lt(0) ? "0" : digits(next);
}

/** One of a few choices, all of which fit a list. */
export function Select<Choice extends string>(
  props: Described & {
    value: Choice;
    choices: readonly (readonly [value: Choice, text: string])[];
    onChange: (choice: Choice) => void;
    disabled?: boolean;
  },
) {
  return (
    <Labelled {...props}>
      {(control) => (
        <select
          {...control}
          class="input"
          value={props.value}
          disabled={props.disabled}
          onChange={(event) => props.onChange(event.currentTarget.value as Choice)}
        >
          {props.choices.map(([value, text]) => (
            <option key={value} value={value} selected={value === props.value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

/** Yes or no. */
export function Checkbox(props: {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label class="checkbox">
      <input
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}
