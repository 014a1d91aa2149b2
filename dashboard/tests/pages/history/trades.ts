/** Trades to try things with. */
import type { Trade } from "../../../src/live/private";
import { decimal } from "../../../src/money/decimal";

export function fill(price: string, quantity: string, commission: string, asset: string) {
  return {
    price: decimal(price),
    quantity: decimal(quantity),
    commission: decimal(commission),
    commission_asset: asset,
    venue_trade_id: decimal("1"),
    time: "2026-11-29T12:00:00.000Z",
  };
}

export function trade(changes: Partial<Trade> = {}): Trade {
  return {
    trade_id: "t1",
    user_id: "user",
    symbol: "BTCUSDT",
    side: "BUY",
    type: "MARKET",
    quantity: decimal("1"),
    quote_quantity: null,
    price: null,
    stop_price: null,
    time_in_force: null,
    executed_quantity: decimal("0"),
    executed_price: null,
    status: "NEW",
    commission: decimal("0"),
    commission_asset: null,
    fills: [],
    ai_signal_id: null,
    failure: null,
    client_order_id: "bc-t1",
    venue_order_id: null,
    workflow_id: "trade-t1",
    timestamp: "2026-11-29T12:00:00.000Z",
    created_at: "2026-11-29T12:00:00.000Z",
    updated_at: "2026-11-29T12:00:00.000Z",
    ...changes,
  };
}
