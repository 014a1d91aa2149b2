import { Icon } from "../../ui/Icon";
import { Badge, type BadgeTone } from "../../ui/numbers";

/** Says, with a sign and a word, that none of this is real money. */
export function PaperBadge() {
  return (
    <span class="badge paper-badge" title="Simulated: no real money is used">
      <Icon name="flask" /> Paper
    </span>
  );
}

const TONES: Record<string, BadgeTone> = { ACTIVE: "accent", STOPPED: "neutral", BROKEN: "down" };
const WORDS: Record<string, string> = { ACTIVE: "Active", STOPPED: "Stopped", BROKEN: "Broken" };

/** Whether a session trades, as a word. */
export function SessionStatus({ status }: { status: string }) {
  return <Badge tone={TONES[status] ?? "neutral"}>{WORDS[status] ?? status}</Badge>;
}
