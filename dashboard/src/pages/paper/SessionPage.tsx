/** One session: how it goes, what it holds, and trading in it. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useResource } from "../../api/resource";
import { format } from "../../money/decimal";
import { href } from "../../shell/router";
import { toast } from "../../shell/toasts";
import { Icon } from "../../ui/Icon";
import { Loaded } from "../../ui/states";
import { readSymbols } from "../market/symbols";
import { Balances, Settings } from "./Balances";
import { EquityCard } from "./EquityCard";
import { ForkDialog } from "./ForkDialog";
import { OpenOrders } from "./OpenOrders";
import { OrderCard, type Prefill } from "./OrderCard";
import { PaperBadge } from "./PaperBadge";
import { Positions } from "./Positions";
import { isActive } from "./performance";
import { rulesOf } from "./rules";
import { SessionHead } from "./SessionHead";
import { Statistics } from "./Statistics";
import { TradesCard } from "./TradesCard";
import type { PaperTrade } from "./trades";
import { usePaperSession } from "./usePaperSession";

export function SessionPage({ sessionId }: { sessionId: string }) {
  const openIds = useRef<ReadonlySet<string>>(new Set());
  const session = usePaperSession(sessionId, (trade) => {
    if (openIds.current.has(trade.trade_id)) announce(trade);
  });
  const { portfolio, equity, trades } = session;
  openIds.current = new Set(portfolio.value?.open_orders.map(({ trade_id }) => trade_id));
  const symbols = useResource(readSymbols, []);
  const forking = useSignal<PaperTrade | null>(null);
  const prefill = useSignal<Prefill | null>(null);
  const rules = rulesOf(symbols.value ?? []);

  return (
    <>
      <a class="paper-back" href={href("paper")}>
        <Icon name="chevron" /> All sessions
      </a>
      {portfolio.value === null && <UnknownHead />}
      <Loaded of={portfolio} lines={10}>
        {(now) => (
          <div class="paper-session">
            <SessionHead
              portfolio={now}
              points={equity.value?.points ?? null}
              onChanged={session.take}
            />
            <div class={isActive(now) ? "paper-columns" : "paper-columns paper-closed"}>
              <EquityCard portfolio={now} equity={equity} />
              {isActive(now) && (
                <OrderCard
                  portfolio={now}
                  symbols={symbols}
                  prefill={prefill}
                  onTraded={session.takeTrade}
                />
              )}
              <div class="paper-lists stack">
                <Positions
                  portfolio={now}
                  rules={rules}
                  onSell={(wanted) => {
                    prefill.value = wanted;
                  }}
                />
                <OpenOrders portfolio={now} rules={rules} onCanceled={session.takeTrade} />
              </div>
            </div>
            <div class="paper-facts">
              <Statistics equity={equity} unit={now.quote_asset} />
              <Balances portfolio={now} />
              <Settings session={now} />
            </div>
            <TradesCard
              trades={trades}
              portfolio={now}
              rules={rules}
              onFork={(trade) => {
                forking.value = trade;
              }}
            />
            {forking.value && (
              <ForkDialog
                session={now}
                trade={forking.value}
                onClose={() => {
                  forking.value = null;
                }}
              />
            )}
          </div>
        )}
      </Loaded>
    </>
  );
}

function UnknownHead() {
  return (
    <div class="page-head">
      <div class="row">
        <h1>Paper session</h1>
        <PaperBadge />
      </div>
    </div>
  );
}

/** Tells of a resting order that came to an end; the form tells of its own orders itself. */
function announce(trade: PaperTrade): void {
  const what = `Paper ${trade.side} ${trade.symbol}`;
  if (trade.status === "FILLED") {
    const price = trade.executed_price ? ` at ${format(trade.executed_price, { upTo: 8 })}` : "";
    toast(`${what}: filled ${format(trade.executed_quantity)}${price}`, "good");
  } else if (trade.status === "REJECTED" || trade.status === "EXPIRED") {
    toast(`${what}: ${trade.status.toLowerCase()}`, "bad");
  } else if (trade.status === "CANCELED") toast(`${what}: canceled`);
}
