import { Icon, type IconName } from "../../ui/Icon";
import { Badge, statusTone } from "../../ui/numbers";
import type { Status } from "./filters";

const SIGNS: Record<Status, { icon: IconName; word: string }> = {
  SUBMITTING: { icon: "up", word: "Submitting" },
  NEW: { icon: "clock", word: "Open" },
  PARTIALLY_FILLED: { icon: "pulse", word: "Partly filled" },
  FILLED: { icon: "check", word: "Filled" },
  CANCELED: { icon: "close", word: "Canceled" },
  REJECTED: { icon: "alert", word: "Rejected" },
  EXPIRED: { icon: "clock", word: "Expired" },
  UNKNOWN: { icon: "alert", word: "Unknown" },
};

/** What a status is called. */
export function statusWord(status: Status): string {
  return SIGNS[status].word;
}

/** The status of an order: icon and word, in its colour. */
export function StatusSign({ status }: { status: string }) {
  const { icon, word } = SIGNS[status as Status] ?? { icon: "info", word: status };
  return (
    <Badge tone={statusTone(status)}>
      <span class="sign">
        <Icon name={icon} /> {word}
      </span>
    </Badge>
  );
}
