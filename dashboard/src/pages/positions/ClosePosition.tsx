/** Leaves a position at the market; asks once, with what it will probably bring. */
import { useComputed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, type Schema } from "../../api/client";
import { problemOf } from "../../api/problem";
import { isStale, quoteOf, usePrices } from "../../live/prices";
import { ownAccount, type Position, type Trade, takeOrder } from "../../live/private";
import { big, type Exact, format } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Pnl, Price, Unknown } from "../../ui/numbers";
import { Attempts, isUnsettled } from "../trade/attempts";
import { TAKER_FEE_TEXT } from "../trade/estimate";
import type { Progress } from "../trade/form";
import { holdingOf } from "../trade/known";
import { OrderProgress } from "../trade/OrderProgress";
import { closable, closingAt } from "./worth";

interface Closing {
  position: Position;
  symbol: Schema<"TradedSymbol"> | undefined;
}

const WRITING: Progress = { phase: "writing" };

export function ClosePosition(props: Closing & { onClose: () => void }) {
  const { position, symbol, onClose } = props;
  const progress = useSignal<Progress>(WRITING);
  const attempts = useMemo(() => closingAttempts(position.position_id), [position.position_id]);
  usePrices([position.symbol]);
  const { phase } = progress.value;
  const isHalted = ownAccount.value?.trading_state === "HALTED";

  const close = async () => {
    progress.value = { phase: "sending" };
    try {
      const trade = await attempts.make(position.position_id);
      takeOrder(trade);
      progress.value = { phase: "answered", trade };
    } catch (thrown) {
      const problem = problemOf(thrown);
      progress.value = { phase: isUnsettled(problem) ? "unsettled" : "refused", problem };
    }
  };
  return (
    <Dialog title={`Close ${position.symbol} at market?`} onClose={onClose}>
      <div class="form">
        {phase !== "answered" && <ClosingFacts position={position} symbol={symbol} />}
        {isHalted && phase === "writing" && (
          <p class="ticket-block">
            <Icon name="alert" /> Trading is halted: no order is accepted.
          </p>
        )}
        <OrderProgress progress={progress.value} asset={symbol?.base_asset ?? position.symbol} />
      </div>
      <div class="dialog-actions">
        <Button onClick={onClose}>{phase === "answered" ? "Done" : "Back"}</Button>
        {phase !== "answered" && (
          <Button
            tone="sell"
            isBusy={phase === "sending"}
            disabled={isHalted && phase !== "unsettled" && phase !== "sending"}
            onClick={() => void close()}
          >
            {phase === "unsettled" ? "Ask again" : "Close at market"}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

// Kept beyond the dialog: closed and opened again, it still asks about the same sale.
const kept = new Map<string, Attempts<string, Trade>>();

function closingAttempts(positionId: string): Attempts<string, Trade> {
  const found =
    kept.get(positionId) ??
    new Attempts<string, Trade>((position_id, key) =>
      api.post("/api/positions/{position_id}/close", {
        path: { position_id },
        headers: { "Idempotency-Key": key },
      }),
    );
  kept.set(positionId, found);
  return found;
}

/** How much would be sold, and what it would bring at the bid while that is live. */
function ClosingFacts({ position, symbol }: Closing) {
  const { quote_asset, entry_price } = position;
  const holding = symbol ? holdingOf(ownAccount.value, symbol.base_asset) : null;
  const quantity = closable(position.quantity, holding?.total ?? null, symbol?.step_size ?? null);
  const bid = useComputed(() =>
    isStale(position.symbol).value ? null : (quoteOf(position.symbol).value?.bid ?? null),
  ).value;
  const closing = bid && closingAt(quantity, entry_price, bid);
  const rest = big(position.quantity).minus(quantity);
  const isTooSmall = symbol && bid && quantity.times(big(bid)).lt(big(symbol.min_notional));
  const isHeld = holding?.free.lt(quantity) ?? false;
  return (
    <>
      <Facts
        facts={[
          ["Sells", <Of key="sells" value={quantity} asset={symbol?.base_asset} />],
          ["Entry", <Price key="entry" value={entry_price} step={symbol?.tick_size} />],
          ["Estimated price (bid)", <Price key="bid" value={bid} step={symbol?.tick_size} />],
          [
            `Proceeds, after an estimated ${TAKER_FEE_TEXT} fee`,
            closing ? (
              <Of key="proceeds" value={closing.proceeds} asset={quote_asset} places={2} />
            ) : (
              <Unknown />
            ),
          ],
          ["Estimated result", <Pnl key="pnl" value={closing?.pnl} unit={quote_asset} />],
        ]}
      />
      {bid === null && (
        <p class="ticket-block">
          <Icon name="alert" /> The price is not live: what closing brings is not known now.
        </p>
      )}
      {isHeld && (
        <p class="ticket-block">
          <Icon name="alert" /> Open orders hold a part of it; cancel them first.
        </p>
      )}
      {isTooSmall && (
        <p class="ticket-block">
          <Icon name="alert" /> It is worth less than the {format(symbol.min_notional)}{" "}
          {quote_asset} that the venue trades at least.
        </p>
      )}
      {rest.gt(0) && symbol && (
        <p class="form-note">
          {format(rest, { upTo: 8 })} {symbol.base_asset} stay: less than the venue trades.
        </p>
      )}
    </>
  );
}

function Of(props: { value: Exact; asset: string | undefined; places?: number }) {
  const { value, asset, places } = props;
  return (
    <>
      {format(value, places === undefined ? { upTo: 8 } : { places })}{" "}
      <span class="unit">{asset}</span>
    </>
  );
}
