import { Checkbox } from "../../ui/Field";
import { eventGroups, eventLook } from "./events";

/** Which events, by what they are about. */
export function EventChoice(props: {
  label: string;
  available: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}) {
  const { available, chosen } = props;
  const toggle = (name: string, isChosen: boolean) =>
    props.onChange(available.filter((each) => (each === name ? isChosen : chosen.includes(each))));
  return (
    <fieldset class="event-choice">
      <legend class="visually-hidden">{props.label}</legend>
      {eventGroups(available).map(([group, names]) => (
        <fieldset key={group}>
          <legend class="field-label">{group}</legend>
          {names.map((name) => (
            <Checkbox
              key={name}
              label={eventLook(name).words}
              checked={chosen.includes(name)}
              onChange={(isChosen) => toggle(name, isChosen)}
            />
          ))}
        </fieldset>
      ))}
    </fieldset>
  );
}
