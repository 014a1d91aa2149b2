import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Field } from "../../ui/Field";
import { daysBefore, startOfDay } from "./days";

// A date that is typed is another date after every digit.
const TYPING_MS = 700;

/** From which day on: a date, or one of the usual ones. */
export function SinceField(props: {
  value: string | undefined;
  onChange: (day: string | undefined) => void;
}) {
  const text = useSignal(props.value ?? "");
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    text.value = props.value ?? "";
  }, [props.value, text]);
  useSignalEffect(() => {
    const typed = text.value;
    clearTimeout(due.current);
    due.current = setTimeout(() => {
      const day = startOfDay(typed) === undefined ? undefined : typed;
      if (day !== latest.current.value) latest.current.onChange(day);
    }, TYPING_MS);
    return () => clearTimeout(due.current);
  });
  const isChosen = (days: number) => props.value === daysBefore(new Date(), days);
  return (
    <div class="since">
      <Field label="Since" type="date" value={text} />
      <fieldset class="chips">
        <legend class="visually-hidden">Since, in days</legend>
        {(
          [
            ["Today", 0],
            ["7 days", 6],
            ["30 days", 29],
          ] as const
        ).map(([name, days]) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={isChosen(days)}
            onClick={() =>
              props.onChange(isChosen(days) ? undefined : daysBefore(new Date(), days))
            }
          >
            {name}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
