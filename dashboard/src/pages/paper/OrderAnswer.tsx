/** What became of the order that was just sent, as the API answered. */
import { format, formatByStep } from "../../money/decimal";
import { Icon } from "../../ui/Icon";
import { StatusBadge } from "../../ui/numbers";
import type { Rules } from "./orderDraft";
import type { PaperTrade } from "./trades";

export function OrderAnswer({ trade, rules }: { trade: PaperTrade | null; rules: Rules }) {
  return (
    <div role="status" aria-live="polite">
      {trade && (
        <div class="paper-answer">
          <p class="row">
            <Icon name="flask" /> <StatusBadge status={trade.status} />
            <span>
              {trade.side} {trade.symbol}, order {Number(trade.number)}
            </span>
          </p>
          <p class="figures">{resultText(trade, rules)}</p>
        </div>
      )}
    </div>
  );
}

function resultText(trade: PaperTrade, { tick_size, base_asset }: Rules): string {
  const { executed_price: price, executed_quantity, slippage_bps } = trade;
  if (price === null) {
    return trade.status === "NEW" ? "It rests until the market meets it." : "Nothing has filled.";
  }
  const filled = `${format(executed_quantity, { upTo: 8 })} ${base_asset}`;
  const slipped =
    slippage_bps === null
      ? ""
      : `, ${format(slippage_bps, { places: 2, signed: true })} bps from the best price`;
  return `${filled} at ${formatByStep(price, tick_size)}${slipped}.`;
}
