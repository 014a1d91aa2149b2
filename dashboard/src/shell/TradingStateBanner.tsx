import { useEffect } from "preact/hooks";
import { ownAccount, rereadAccount } from "../live/private";
import { Icon } from "../ui/Icon";
import { href, route } from "./router";

const TOLD = {
  HALTED: {
    title: "Trading is halted.",
    text: "No order is accepted. Open orders can still be filled, or canceled.",
    look: "banner banner-halted",
  },
  REDUCING: {
    title: "Trading is reducing only.",
    text: "Only sales of what is held are accepted.",
    look: "banner",
  },
} as const;

/** Says on every page that orders are refused, or only those that reduce are taken. */
export function TradingStateBanner() {
  useEffect(rereadWhenSeen, []);
  const state = ownAccount.value?.trading_state;
  const told = state === "HALTED" || state === "REDUCING" ? TOLD[state] : null;
  return (
    <div role="status">
      {told && (
        <div class={told.look}>
          <Icon name={state === "HALTED" ? "stop" : "shield"} />
          <span>
            <strong>{told.title}</strong> {told.text}{" "}
            {route.value.page !== "risk" && <a href={href("risk")}>Change it</a>}
          </span>
        </div>
      )}
    </div>
  );
}

// No event tells of a trading state that was changed in another tab or on another device.
function rereadWhenSeen(): () => void {
  const look = () => {
    if (document.visibilityState === "visible" && ownAccount.peek() !== null) void rereadAccount();
  };
  document.addEventListener("visibilitychange", look);
  return () => document.removeEventListener("visibilitychange", look);
}
