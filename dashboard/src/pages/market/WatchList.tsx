/** Every symbol with its price, its day and its way there; arrow keys go through it. */
import { useComputed, useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { isStale, usePrices } from "../../live/prices";
import { href, navigate } from "../../shell/router";
import { Card } from "../../ui/Card";
import { Field } from "../../ui/Field";
import { Sparkline } from "../../ui/Sparkline";
import { Empty } from "../../ui/states";
import { DayChange, LastPrice } from "./LivePrice";
import { matching } from "./matching";
import { MOST_WATCHED, readSparks, sparks, type TradedSymbol } from "./symbols";

export function WatchList(props: { symbols: readonly TradedSymbol[]; current: string }) {
  const typed = useSignal("");
  const list = useRef<HTMLTableSectionElement>(null);
  const shown = useMemo(
    () => matching(props.symbols, typed.value).slice(0, MOST_WATCHED),
    [props.symbols, typed.value],
  );
  const names = useMemo(() => shown.map(({ symbol }) => symbol), [shown]);
  usePrices(names);
  useEffect(() => {
    const abort = new AbortController();
    void readSparks(names, abort.signal);
    return () => abort.abort();
  }, [names]);

  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const next = names[names.indexOf(props.current) + step] ?? names[0];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    navigate(href("market", next), { replace: true });
    // From the search field the focus stays there: one may want to go on typing.
    const link = list.current?.querySelector<HTMLElement>(`[data-symbol="${next}"]`);
    if (event.currentTarget === list.current) link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  };

  return (
    <Card title="Watch list" class="watch" isFlush isTitleHidden>
      <div class="watch-search">
        <Field
          label="Search symbols"
          isLabelHidden
          type="search"
          placeholder="Search"
          value={typed}
          onKeyDown={move}
        />
      </div>
      {shown.length === 0 ? (
        <Empty icon="search" title={`No symbol has “${typed.value}” in its name.`} />
      ) : (
        <div class="watch-scroll">
          <table class="table watch-table">
            <caption class="visually-hidden">Symbols; arrow keys go through them</caption>
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                <th scope="col" class="watch-spark">
                  24 h
                </th>
                <th scope="col" class="number">
                  Last, change
                </th>
              </tr>
            </thead>
            <tbody ref={list} onKeyDown={move}>
              {shown.map((symbol) => (
                <WatchRow
                  key={symbol.symbol}
                  symbol={symbol}
                  isCurrent={symbol.symbol === props.current}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

const WatchRow = memo(function WatchRow(props: { symbol: TradedSymbol; isCurrent: boolean }) {
  const { symbol, base_asset, quote_asset, tick_size } = props.symbol;
  const address = href("market", symbol);
  return (
    <tr class={props.isCurrent ? "watch-current" : ""} onClick={() => navigate(address)}>
      <th scope="row">
        <a
          class="watch-name"
          href={address}
          data-symbol={symbol}
          aria-current={props.isCurrent ? "true" : undefined}
        >
          {base_asset}
          <span class="unit">/{quote_asset}</span>
        </a>
        <StaleSign symbol={symbol} />
      </th>
      <td class="watch-spark">
        <SparkCell symbol={symbol} />
      </td>
      <td class="number watch-price">
        <LastPrice symbol={symbol} tick={tick_size} />
        <DayChange symbol={symbol} />
      </td>
    </tr>
  );
});

const NO_POINTS: readonly number[] = [];

function SparkCell({ symbol }: { symbol: string }) {
  const points = useComputed(() => sparks.value.get(symbol)?.points ?? NO_POINTS);
  return <Sparkline points={points.value} width={64} height={26} />;
}

function StaleSign({ symbol }: { symbol: string }) {
  const text = useComputed(() => (isStale(symbol).value ? "stale" : ""));
  return <span class="stale-sign">{text}</span>;
}
