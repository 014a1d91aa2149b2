/** The session's results; what cannot be told yet is unknown, never zero. */
import type { ComponentChildren } from "preact";
import type { Schema } from "../../api/client";
import type { Resource } from "../../api/resource";
import { big, type Decimal, format } from "../../money/decimal";
import { Card, Facts } from "../../ui/Card";
import { Change, Money, Unknown } from "../../ui/numbers";
import { Loaded } from "../../ui/states";
import { drawdownText, shareText } from "./performance";

type Results = Schema<"EquityAnswer">;

export function Statistics(props: {
  equity: Pick<Resource<Results>, "value" | "problem" | "isLoading" | "reload">;
  unit: string;
}) {
  return (
    <Card title="Statistics">
      <Loaded of={props.equity} lines={6}>
        {(results) => <Facts facts={factsOf(results, props.unit)} />}
      </Loaded>
    </Card>
  );
}

function factsOf(
  results: Results,
  unit: string,
): readonly (readonly [ComponentChildren, ComponentChildren])[] {
  return [
    ["Return, at the last trade", <Change value={big(results.total_return).times(100)} />],
    ["Max drawdown, at trades", drawdownText(results.max_drawdown)],
    ["Win rate", known(results.win_rate, shareText, "known after the first closed trade")],
    ["Profit factor", known(results.profit_factor, ratio, "known after the first loss")],
    ["Sharpe ratio, a year", known(results.sharpe, ratio, "known after two different days")],
    ["Won", <Money value={results.gross_profit} unit={unit} />],
    ["Lost", <Money value={results.gross_loss} unit={unit} />],
    ["Trades with fills", String(results.trades)],
    ["Closed: won, lost", `${results.closed_trades}: ${results.wins}, ${results.losses}`],
  ];
}

function known(value: Decimal | null, shown: (value: Decimal) => string, why: string) {
  return value === null ? (
    <>
      <Unknown why={`not known: ${why}`} /> <span class="paper-why">{why}</span>
    </>
  ) : (
    shown(value)
  );
}

function ratio(value: Decimal): string {
  return format(value, { places: 2 });
}
