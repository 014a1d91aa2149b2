/** How the connection is: a word at the top, and a banner while nothing is live. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connection } from "../live/socket";
import { Icon } from "../ui/Icon";

/** A word that is always there. */
export function ConnectionWord() {
  const isUp = connection.value.phase === "live";
  return (
    <span class={`connection ${isUp ? "up" : "warning-text"}`}>
      <span class={isUp ? "dot" : "dot dot-hollow"} aria-hidden="true" />
      {isUp ? "Live" : "Not live"}
    </span>
  );
}

// The first connection of a visit, and a blink of one, are no news.
const PATIENCE_MS = 1_200;

/** Says that nothing is live, once that has lasted. */
export function ConnectionBanner() {
  const { phase } = connection.value;
  const isDown = phase !== "live" && phase !== "idle";
  const isShown = useSignal(false);
  useEffect(() => {
    isShown.value = false;
    if (!isDown) return;
    const due = setTimeout(() => {
      isShown.value = true;
    }, PATIENCE_MS);
    return () => clearTimeout(due);
  }, [isDown, isShown]);
  return (
    <div role="status" aria-live="polite">
      {isDown && isShown.value && (
        <div class="banner">
          <Icon name="offline" />
          <span>
            <strong>The live connection is gone.</strong>{" "}
            {phase === "refused"
              ? "The server refuses it; reload the page, or ask an operator."
              : "Prices on this page are old. Connecting again…"}
          </span>
        </div>
      )}
    </div>
  );
}
