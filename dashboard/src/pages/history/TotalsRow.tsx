import type { Trade } from "../../live/private";
import { format } from "../../money/decimal";
import { Figure } from "../../ui/Card";
import type { Rules } from "./TradesTable";
import { type Amount, totalsOf } from "./totals";

/** What the trades that are shown come to, where that is certain. */
export function TotalsRow(props: { trades: readonly Trade[]; hasMore: boolean; rules: Rules }) {
  const { trades, hasMore, rules } = props;
  const totals = totalsOf(trades, (symbol) => rules.get(symbol)?.quote_asset);
  const executed = trades.filter(({ fills }) => fills.length > 0).length;
  return (
    <dl class="figures-row totals">
      <Figure
        label="Trades shown"
        note={`${executed} executed, ${hasMore ? "there are more" : "these are all"}`}
      >
        <span class="figures">{trades.length}</span>
      </Figure>
      {totals === null ? (
        <Figure label="Bought, sold, fees" note="The outcome of a trade is not certain yet">
          –
        </Figure>
      ) : (
        <>
          <Amounts label="Bought for" amounts={totals.bought} />
          <Amounts label="Sold for" amounts={totals.sold} />
          <Amounts label="Fees" amounts={totals.fees} />
        </>
      )}
    </dl>
  );
}

function Amounts({ label, amounts }: { label: string; amounts: readonly Amount[] }) {
  return (
    <Figure label={label}>
      {amounts.length === 0 && <span class="muted">Nothing</span>}
      {amounts.map(({ asset, value }) => (
        <div key={asset} class="figures">
          {format(value)} <span class="unit">{asset}</span>
        </div>
      ))}
    </Figure>
  );
}
