/** Buttons of which one is pressed, or, as tabs, of which one's content is shown. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

type Choices<Choice extends string> = readonly (readonly [
  value: Choice,
  text: ComponentChildren,
])[];

/** A few choices side by side, such as timeframes; arrow keys move between them. */
export function Segmented<Choice extends string>(props: {
  label: string;
  value: Choice;
  choices: Choices<Choice>;
  onChange: (choice: Choice) => void;
  /** One class a choice, such as `buy`. */
  toneOf?: (choice: Choice) => string;
}) {
  const name = useId();
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">{props.label}</legend>
      {props.choices.map(([value, text]) => (
        <label key={value} class={`segment ${props.toneOf?.(value) ?? ""}`}>
          <input
            type="radio"
            class="visually-hidden"
            name={name}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Tabs over one panel. */
export function Tabs<Choice extends string>(props: {
  label: string;
  value: Choice;
  choices: Choices<Choice>;
  onChange: (choice: Choice) => void;
  children: ComponentChildren;
}) {
  const id = useId();
  const names = props.choices.map(([value]) => value);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = names[(names.indexOf(props.value) + step + names.length) % names.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    props.onChange(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={props.label} onKeyDown={move}>
        {props.choices.map(([value, text]) => (
          <button
            key={value}
            id={`${id}-${value}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={value === props.value}
            aria-controls={`${id}-panel`}
            tabIndex={value === props.value ? 0 : -1}
            onClick={() => props.onChange(value)}
          >
            {text}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${props.value}`}>
        {props.children}
      </div>
    </div>
  );
}
