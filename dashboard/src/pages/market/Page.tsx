/** The market: what there is, how it goes, and the ticket beside it. */
import { useEffect } from "preact/hooks";
import { useResource } from "../../api/resource";
import type { PageProps } from "../../shell/pages";
import { recalled, remember } from "../../shell/remembered";
import { href, navigate, route } from "../../shell/router";
import { Card } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/states";
import { Ticket } from "../trade/Ticket";
import { ChartCard } from "./ChartCard";
import { SymbolHead } from "./SymbolHead";
import { DEFAULT_SYMBOL, readSymbols, type TradedSymbol } from "./symbols";
import { WatchList } from "./WatchList";

export default function MarketPage({ parameter }: PageProps) {
  const symbols = useResource(readSymbols, []);
  return (
    <Loaded of={symbols} lines={10}>
      {(all) => <Market symbols={all} wanted={parameter} />}
    </Loaded>
  );
}

function Market(props: { symbols: readonly TradedSymbol[]; wanted: string | undefined }) {
  const { symbols, wanted } = props;
  const find = (name: string | null | undefined) => symbols.find(({ symbol }) => symbol === name);
  const current = find(wanted) ?? find(recalled("symbol")) ?? find(DEFAULT_SYMBOL) ?? symbols[0];
  useEffect(() => {
    // Whoever has left before the symbols came stays where they went.
    if (current === undefined || route.peek().page !== "market") return;
    if (current.symbol === wanted) remember("symbol", wanted);
    else navigate(href("market", current.symbol), { replace: true });
  }, [current, wanted]);
  if (current === undefined) {
    return <Empty title="The venue lists no symbols.">Look again in a moment.</Empty>;
  }
  return (
    <div class="market">
      <div class="market-main">
        <SymbolHead symbol={current} symbols={symbols} />
        <ChartCard symbol={current} />
      </div>
      <Card title="Order" class="market-ticket">
        <Ticket key={current.symbol} symbol={current} />
      </Card>
      <WatchList symbols={symbols} current={current.symbol} />
    </div>
  );
}
