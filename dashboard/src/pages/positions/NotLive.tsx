import { isLive } from "../../live/socket";
import { Icon } from "../../ui/Icon";

/** Says of one's own account that it may have changed since. */
export function NotLive() {
  if (isLive.value) return null;
  return (
    <span class="stale-word">
      <Icon name="alert" /> Not live
    </span>
  );
}
