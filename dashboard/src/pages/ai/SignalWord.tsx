/** Long, Short or Neutral: a word and an icon in its colour. */
import { Icon, type IconName } from "../../ui/Icon";

const ICONS: Record<string, IconName> = { Long: "up", Short: "down" };
const TONES: Record<string, string> = { Long: "up", Short: "down" };

/** The class of a signal's colour. */
export function signalTone(signal: string): string {
  return TONES[signal] ?? "neutral";
}

export function SignalWord({ signal, isLarge = false }: { signal: string; isLarge?: boolean }) {
  return (
    <span class={`signal-word signal-${signalTone(signal)}${isLarge ? " signal-word-large" : ""}`}>
      <Icon name={ICONS[signal] ?? "minus"} />
      {signal}
    </span>
  );
}
