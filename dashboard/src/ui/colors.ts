/** The theme's colours for what is drawn on a canvas, where style sheets do not reach. */
import { shownTheme } from "../shell/theme";

export type ColorName =
  | "bg"
  | "panel"
  | "raised"
  | "border"
  | "text"
  | "muted"
  | "accent"
  | "up"
  | "down"
  | "warning"
  | "line-1"
  | "line-2"
  | "line-3";

const known = new Map<string, string>();

/** A colour of styles/tokens.css as the browser resolves it now, such as `rgb(11, 14, 20)`. */
export function cssColor(name: ColorName): string {
  const key = `${shownTheme.peek()}.${name}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  known.set(key, color);
  return color;
}

/** The same colour, through which one can see. */
export function seeThrough(color: string, opacity: number): string {
  return color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}
