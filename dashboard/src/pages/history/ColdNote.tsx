import { isOperator } from "../../api/session";
import { href } from "../../shell/router";
import { Icon } from "../../ui/Icon";
import type { ColdRange } from "./useTrades";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** Says which trades cannot be listed, because they are in cold storage. */
export function ColdNote({ ranges }: { ranges: readonly ColdRange[] }) {
  if (ranges.length === 0) return null;
  const spans = ranges.map(({ from, to }) => {
    return DAY.formatRange(new Date(from), new Date(to));
  });
  return (
    <div class="cold-note" role="note">
      <Icon name="archive" />
      <div>
        <p>
          <strong>Older trades may be in cold storage:</strong> {[...new Set(spans)].join("; ")}.
        </p>
        <p class="muted">
          They are kept safe in files and are neither in this list nor in its export. Some of these
          files hold many people's trades, so yours need not be among them.{" "}
          {isOperator.value ? (
            <a href={href("archives")}>Restore them from the archives.</a>
          ) : (
            "An operator can bring them back."
          )}
        </p>
      </div>
    </div>
  );
}
