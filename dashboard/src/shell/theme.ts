/** Light or dark: as the system has it, unless somebody chose. */
import { computed, effect, signal } from "@preact/signals";
import { remember, remembered } from "./remembered";

export type Theme = "system" | "light" | "dark";

const NAMES: readonly Theme[] = ["system", "light", "dark"];
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const system = signal<"light" | "dark">(systemIsDark.matches ? "dark" : "light");
systemIsDark.addEventListener("change", (event) => {
  system.value = event.matches ? "dark" : "light";
});

/** What was chosen. */
export const theme = signal<Theme>(remembered("theme", NAMES, "system"));

/** What is shown. */
export const shownTheme = computed(() => (theme.value === "system" ? system.value : theme.value));

effect(() => {
  remember("theme", theme.value);
  document.documentElement.dataset["theme"] = theme.value;
});
