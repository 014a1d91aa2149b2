/** How near each limit is: a bar, and the same in words. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { isStale, quoteOf, usePrices } from "../../live/prices";
import { openOrders, openPositions, ownAccount, rereadAccount } from "../../live/private";
import { big, type Decimal, format } from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";
import { Money, Pnl, Unknown } from "../../ui/numbers";
import { Skeleton } from "../../ui/states";
import type { Limits } from "./limits";
import {
  knownLossPercent,
  largestWorth,
  openSymbols,
  symbolsToPrice,
  type Use,
  untilNextDay,
  useOf,
} from "./use";

export function UseOfLimits({ limits }: { limits: Limits | null }) {
  useNewDay();
  if (limits === null) return <Skeleton lines={8} />;
  return (
    <ul class="uses">
      <OpenPositions limit={limits.max_open_positions} />
      <LargestPosition limit={limits.max_position_notional_quote} />
      <LossOfDay limit={limits.max_daily_loss_pct} />
      <OrdersOfMinute limit={limits.max_orders_per_minute} />
    </ul>
  );
}

function OpenPositions({ limit }: { limit: Decimal }) {
  const positions = openPositions.value;
  const orders = openOrders.value;
  const used = positions && orders && openSymbols(positions, orders).size;
  const waiting = positions && used !== null ? used - positions.length : 0;
  return (
    <UseRow
      name="Open positions"
      use={useOf(used === null ? null : big(used), limit)}
      note={waiting > 0 ? `${waiting} of them only a resting purchase so far` : "Symbols held"}
    >
      {used ?? <Unknown />} of {format(limit)}
    </UseRow>
  );
}

function LargestPosition({ limit }: { limit: Decimal }) {
  const positions = openPositions.value;
  const orders = openOrders.value;
  usePrices(positions ? symbolsToPrice(positions) : []);
  const bidOf = (symbol: string) =>
    isStale(symbol).value ? null : (quoteOf(symbol).value?.bid ?? null);
  const largest = positions && orders && largestWorth(positions, orders, bidOf);
  const worth = largest === "none" ? big(0) : (largest?.worth ?? null);
  return (
    <UseRow
      name="Largest position"
      use={useOf(worth, limit)}
      note={
        largest === null
          ? "Not known without a live price of everything that is held"
          : largest === "none"
            ? "Nothing is held"
            : `${largest.symbol}, with its resting purchases`
      }
    >
      <Money value={worth} /> of {format(limit)} <span class="unit">{QUOTE_ASSET}</span>
    </UseRow>
  );
}

function LossOfDay({ limit }: { limit: Decimal }) {
  const today = ownAccount.value?.realized_pnl_today;
  const percent = today === undefined ? null : knownLossPercent(today);
  return (
    <UseRow
      name="Realised today"
      use={useOf(percent, limit)}
      note={
        percent === null
          ? `The limit is a loss of ${format(limit)}% of the equity that the day (UTC) began with, which the API does not tell`
          : `No loss so far; the limit is ${format(limit)}% of the equity that the day (UTC) began with`
      }
    >
      <Pnl value={today} unit={QUOTE_ASSET} />
    </UseRow>
  );
}

function OrdersOfMinute({ limit }: { limit: Decimal }) {
  return (
    <UseRow
      name="Orders in this minute"
      use={useOf(null, limit)}
      note="The API counts them, but does not tell how many there were"
    >
      <Unknown /> of {format(limit)}
    </UseRow>
  );
}

const LEVEL_WORDS = { unknown: "Not known", free: "", near: "Near", reached: "Reached" } as const;

function UseRow(props: { name: string; use: Use; note: string; children: ComponentChildren }) {
  const { level, percent } = props.use;
  const word = LEVEL_WORDS[level] || `${percent}%`;
  return (
    <li class={`use use-${level}`}>
      <span class="use-name">{props.name}</span>
      <span class="use-numbers figures">{props.children}</span>
      <svg class="use-bar" aria-hidden="true">
        <rect width={`${percent ?? 0}%`} height="100%" />
      </svg>
      <span class="use-note">{props.note}</span>
      <span class="use-word figures">{level === "near" ? `${word}, ${percent}%` : word}</span>
    </li>
  );
}

// Today's result begins anew at midnight, and no event says so.
function useNewDay(): void {
  useEffect(() => {
    let due: ReturnType<typeof setTimeout>;
    const wait = () => {
      due = setTimeout(() => {
        void rereadAccount();
        wait();
      }, untilNextDay(new Date()) + 1_000);
    };
    void rereadAccount();
    wait();
    return () => clearTimeout(due);
  }, []);
}
