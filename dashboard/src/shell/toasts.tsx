/** Short messages that come and go by themselves; errors stay until they are read. */
import { signal } from "@preact/signals";
import { Icon } from "../ui/Icon";

export type ToastTone = "neutral" | "good" | "bad";

interface Toast {
  id: number;
  tone: ToastTone;
  text: string;
  href: string | undefined;
}

const SHOWN_MS = 6_000;
const MOST_AT_ONCE = 4;

const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Tells something that just happened; with `href` it leads to where it happened. */
export function toast(text: string, tone: ToastTone = "neutral", href?: string): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { id, tone, text, href }].slice(-MOST_AT_ONCE);
  if (tone !== "bad") setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

const SIGNS = { neutral: "info", good: "check", bad: "alert" } as const;

/** Where they are shown. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text, href }) => (
        <div key={id} class={`toast toast-${tone}`}>
          <Icon name={SIGNS[tone]} />
          {href === undefined ? <span>{text}</span> : <a href={href}>{text}</a>}
          <button
            type="button"
            class="icon-button"
            aria-label="Dismiss"
            onClick={() => dismiss(id)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
