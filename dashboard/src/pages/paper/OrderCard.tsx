/** Where paper orders are placed: the symbol, then the form for it. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Resource } from "../../api/resource";
import { usePrices } from "../../live/prices";
import { recalled, remember } from "../../shell/remembered";
import { Card } from "../../ui/Card";
import { Select } from "../../ui/Field";
import { Loaded } from "../../ui/states";
import { DayChange, LastPrice, StaleWord } from "../market/LivePrice";
import { DEFAULT_SYMBOL } from "../market/symbols";
import { OrderForm } from "./OrderForm";
import type { Rules, Side } from "./orderDraft";
import { PaperBadge } from "./PaperBadge";
import type { Portfolio } from "./performance";
import type { PaperTrade } from "./trades";

/** What another part of the page wants to have in the form. */
export interface Prefill {
  symbol: string;
  side: Side;
}

interface OrderCardProps {
  portfolio: Portfolio;
  symbols: Pick<Resource<readonly Rules[]>, "value" | "problem" | "isLoading" | "reload">;
  prefill: Signal<Prefill | null>;
  onTraded: (trade: PaperTrade) => void;
}

export function OrderCard(props: OrderCardProps) {
  return (
    <Card title="Paper order" class="paper-order" actions={<PaperBadge />}>
      <Loaded of={props.symbols} lines={8}>
        {(symbols) => <OrderFor {...props} all={symbols} />}
      </Loaded>
    </Card>
  );
}

function OrderFor(props: OrderCardProps & { all: readonly Rules[] }) {
  const { all, prefill } = props;
  const box = useRef<HTMLDivElement>(null);
  const wanted = useSignal(recalled("symbol") ?? DEFAULT_SYMBOL);
  const side = useSignal<Side>("BUY");
  const rules = all.find(({ symbol }) => symbol === wanted.value) ?? all[0];
  usePrices(rules ? [rules.symbol] : []);
  const asked = prefill.value;
  useEffect(() => {
    if (asked === null) return;
    prefill.value = null;
    wanted.value = asked.symbol;
    side.value = asked.side;
    box.current?.scrollIntoView({ block: "nearest" });
    // Once the form of that symbol is there.
    requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>(".paper-amount input[inputmode]")?.focus(),
    );
  }, [asked, prefill, wanted, side]);
  if (rules === undefined) return <p>The venue lists no symbols.</p>;
  return (
    <div ref={box} class="form">
      <div class="paper-symbol">
        <Select
          label="Symbol"
          isLabelHidden
          value={rules.symbol}
          choices={all.map(({ symbol }) => [symbol, symbol] as const)}
          onChange={(chosen) => {
            wanted.value = chosen;
            remember("symbol", chosen);
          }}
        />
        <p class="paper-quote">
          <LastPrice symbol={rules.symbol} tick={rules.tick_size} />{" "}
          <DayChange symbol={rules.symbol} /> <StaleWord symbol={rules.symbol} />
        </p>
      </div>
      <OrderForm
        key={rules.symbol}
        rules={rules}
        side={side}
        portfolio={props.portfolio}
        onTraded={props.onTraded}
      />
    </div>
  );
}
