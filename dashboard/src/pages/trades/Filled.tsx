import type { Trade } from "../../live/private";
import { format } from "../../money/decimal";
import { filledShare } from "./record";

/** How much of an order has filled: the numbers, and a bar. */
export function Filled({ trade }: { trade: Trade }) {
  const { executed_quantity: executed, quantity } = trade;
  const share = filledShare(executed, quantity);
  return (
    <span class="filled figures">
      <span>
        {format(executed)}
        {quantity !== null && <span class="muted"> of {format(quantity)}</span>}
      </span>
      {share !== null && (
        <progress
          class="bar"
          max={1}
          value={share}
          aria-label="Share of the order that has filled"
        />
      )}
    </span>
  );
}
