import { ownAccount } from "../live/private";
import { Icon } from "../ui/Icon";
import { href } from "./router";

/** Says on every page that orders are refused, or only those that reduce are taken. */
export function TradingStateBanner() {
  const state = ownAccount.value?.trading_state;
  if (state === undefined || state === "ACTIVE") return null;
  return (
    <div class="banner" role="status">
      <Icon name="shield" />
      <span>
        <strong>{state === "HALTED" ? "Trading is halted." : "Trading is reducing only."}</strong>{" "}
        {state === "HALTED"
          ? "No order is accepted."
          : "Only orders that make a position smaller are accepted."}{" "}
        <a href={href("risk")}>Trading state</a>
      </span>
    </div>
  );
}
