import { IconButton } from "../ui/Button";
import type { IconName } from "../ui/Icon";
import { type Theme, theme } from "./theme";

const CHOICES: readonly (readonly [Theme, string, IconName])[] = [
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
  ["system", "As the system", "screen"],
];

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  return (
    <fieldset class="theme-switch">
      <legend class="visually-hidden">Colours</legend>
      {CHOICES.map(([choice, label, icon]) => (
        <IconButton
          key={choice}
          icon={icon}
          label={label}
          isPressed={theme.value === choice}
          onClick={() => {
            theme.value = choice;
          }}
        />
      ))}
    </fieldset>
  );
}
