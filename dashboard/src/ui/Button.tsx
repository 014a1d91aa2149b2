import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon";

type Tone = "primary" | "plain" | "quiet" | "danger" | "buy" | "sell";

export interface ButtonProps {
  children: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  tone?: Tone;
  type?: "button" | "submit";
  icon?: IconName;
  isSmall?: boolean;
  isWide?: boolean;
  /** Something is on its way: the button cannot be pressed again, and says so. */
  isBusy?: boolean;
  disabled?: boolean;
  /** The name of a button whose text does not say enough by itself. */
  label?: string;
}

/** A button. */
export function Button(props: ButtonProps) {
  const { children, tone = "plain", type = "button", icon, isBusy = false } = props;
  const size = `${props.isSmall ? " button-small" : ""}${props.isWide ? " button-wide" : ""}`;
  return (
    <button
      type={type}
      class={`button button-${tone}${size}`}
      onClick={props.onClick}
      // Not `disabled` while busy, which would throw the focus away.
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      disabled={props.disabled}
      aria-label={props.label}
      onClickCapture={isBusy ? preventAgain : undefined}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

function preventAgain(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** A button that is an icon; its label says what it does. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: () => void;
  isPressed?: boolean;
}) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.isPressed}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}
