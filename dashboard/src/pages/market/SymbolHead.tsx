/** What the page is about: the symbol, its price, and how its day went. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { isStale, quoteOf, usePrices } from "../../live/prices";
import { big, type Exact, formatByStep, formatShort } from "../../money/decimal";
import { href, navigate } from "../../shell/router";
import { Select } from "../../ui/Field";
import { Unknown } from "../../ui/numbers";
import { DayChange, LastPrice, StaleWord } from "./LivePrice";
import type { TradedSymbol } from "./symbols";

export function SymbolHead(props: { symbol: TradedSymbol; symbols: readonly TradedSymbol[] }) {
  const { symbol, base_asset, quote_asset, tick_size } = props.symbol;
  usePrices([symbol]);
  return (
    <header class="symbol-head">
      <div class="symbol-name">
        <h1>
          {base_asset}
          <span class="unit">/{quote_asset}</span>
        </h1>
        <div class="symbol-choice">
          <Select
            label="Symbol"
            isLabelHidden
            value={symbol}
            choices={props.symbols.map((each) => [each.symbol, each.symbol] as const)}
            onChange={(chosen) => navigate(href("market", chosen))}
          />
        </div>
      </div>
      <div class="symbol-price">
        <span class="symbol-last">
          <LastPrice symbol={symbol} tick={tick_size} />
        </span>
        <DayChange symbol={symbol} />
        <StaleWord symbol={symbol} />
      </div>
      <QuoteFigures symbol={props.symbol} />
    </header>
  );
}

function QuoteFigures({ symbol: { symbol, tick_size, base_asset } }: { symbol: TradedSymbol }) {
  const quote = useComputed(() => quoteOf(symbol).value).value;
  const shown = (value: Exact | undefined) =>
    value === undefined ? <Unknown /> : formatByStep(value, tick_size);
  return (
    <dl class={isStale(symbol).value ? "symbol-figures figures stale" : "symbol-figures figures"}>
      <Small name="Bid">{shown(quote?.bid)}</Small>
      <Small name="Ask">{shown(quote?.ask)}</Small>
      <Small name="Spread">{shown(quote ? big(quote.ask).minus(big(quote.bid)) : undefined)}</Small>
      <Small name="24 h volume">
        {quote ? (
          <>
            {formatShort(quote.volume)} <span class="unit">{base_asset}</span>
          </>
        ) : (
          <Unknown />
        )}
      </Small>
    </dl>
  );
}

function Small({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
