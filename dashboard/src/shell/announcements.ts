/** Tells what becomes of one's orders, whichever page one is on. */
import { onPrivate, type Trade } from "../live/private";
import { format } from "../money/decimal";
import { href } from "./router";
import { toast } from "./toasts";

/** Announces orders that come to an end, until the function that is returned is called. */
export function announceOrders(): () => void {
  return onPrivate(({ type, data }) => {
    if (type !== "order_update") return;
    const trade = data as unknown as Trade & { session_id?: string };
    // A paper session's page tells of its own orders.
    if (trade.session_id !== undefined) return;
    const what = `${trade.side} ${trade.symbol}`;
    const address = href("trades", trade.trade_id);
    if (trade.status === "FILLED") {
      const price = trade.executed_price ? ` at ${format(trade.executed_price)}` : "";
      toast(`${what}: filled ${format(trade.executed_quantity)}${price}`, "good", address);
    } else if (trade.status === "REJECTED" || trade.status === "EXPIRED") {
      const why = trade.failure?.["detail"];
      toast(`${what}: ${trade.status.toLowerCase()}${why ? `, ${why}` : ""}`, "bad", address);
    } else if (trade.status === "CANCELED") toast(`${what}: canceled`, "neutral", address);
  });
}
