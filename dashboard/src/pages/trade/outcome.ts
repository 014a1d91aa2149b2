/** What became of an order, in words. */
import type { Trade } from "../../live/private";
import { big, type Exact, format } from "../../money/decimal";
import type { IconName } from "../../ui/Icon";

export type OutcomeTone = "good" | "neutral" | "warning" | "bad";

export interface Outcome {
  tone: OutcomeTone;
  icon: IconName;
  text: string;
}

/** What to tell about an order; `asset` is what it trades. */
export function outcomeOf(trade: Trade, asset: string): Outcome {
  const { status, executed_price: price, quantity } = trade;
  const verb = trade.side === "BUY" ? "Bought" : "Sold";
  const hasFilled = big(trade.executed_quantity).gt(0);
  const amount = plain(trade.executed_quantity);
  const of = quantity === null ? "" : ` of ${plain(quantity)}`;
  const at = price === null ? "" : ` at ${plain(price)}`;
  switch (status) {
    case "FILLED":
      return { tone: "good", icon: "check", text: `${verb} ${amount} ${asset}${at}` };
    case "PARTIALLY_FILLED":
      return {
        tone: "neutral",
        icon: "clock",
        text: `${verb} ${amount}${of} ${asset} so far${at}`,
      };
    case "NEW":
      return { tone: "neutral", icon: "clock", text: "The order is on the exchange and waits" };
    case "SUBMITTING":
      return { tone: "neutral", icon: "clock", text: "The order is on its way to the exchange" };
    case "UNKNOWN":
      return { tone: "warning", icon: "alert", text: "The exchange has not confirmed yet" };
    case "CANCELED":
    case "EXPIRED": {
      const end = status === "CANCELED" ? "was canceled" : "expired";
      return hasFilled
        ? {
            tone: "neutral",
            icon: "info",
            text: `${verb} ${amount}${of} ${asset}${at}; the rest ${end}`,
          }
        : {
            tone: "neutral",
            icon: "info",
            text: `The order ${end}; nothing was ${verb.toLowerCase()}`,
          };
    }
    default: {
      const why = trade.failure?.["detail"];
      return { tone: "bad", icon: "alert", text: `The order was rejected${why ? `: ${why}` : ""}` };
    }
  }
}

function plain(value: Exact): string {
  return format(value, { upTo: 8 });
}
