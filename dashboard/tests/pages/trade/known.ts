/** A symbol, a quote and an account to judge orders by. */
import type { Account, Position, Trade } from "../../../src/live/private";
import { decimal } from "../../../src/money/decimal";
import type { Known } from "../../../src/pages/trade/known";
import { type Draft, NEW_DRAFT } from "../../../src/pages/trade/order";

export const BTCUSDT: Known["symbol"] = {
  symbol: "BTCUSDT",
  base_asset: "BTC",
  quote_asset: "USDT",
  tick_size: decimal("0.01"),
  step_size: decimal("0.00001"),
  min_quantity: decimal("0.00001"),
  min_notional: decimal("5"),
};

const LIMITS = {
  max_open_positions: decimal("2"),
  max_position_notional_quote: decimal("50000"),
  max_order_notional_quote: decimal("10000"),
  max_daily_loss_pct: decimal("5"),
  max_orders_per_minute: decimal("6000"),
  price_collar_bps: decimal("500"),
};

export function account(
  balances: Record<string, readonly [free: string, locked: string]>,
  trading_state = "ACTIVE",
): Account {
  return {
    balances: Object.entries(balances).map(([asset, [free, locked]]) => ({
      asset,
      free: decimal(free),
      locked: decimal(locked),
      total: decimal(String(Number(free) + Number(locked))),
    })),
    equity_quote: null,
    realized_pnl_today: decimal("0"),
    open_positions: 0 as never,
    trading_state,
  };
}

export function position(symbol: string, quantity: string): Position {
  return { symbol, quantity: decimal(quantity) } as Position;
}

export function order(symbol: string, side: string, quantity: string, price: string): Trade {
  return { symbol, side, quantity: decimal(quantity), price: decimal(price) } as Trade;
}

/** Bid 49,990 and ask 50,000; 10,000 USDT and half a bitcoin. */
export function known(change: Partial<Known> = {}): Known {
  return {
    symbol: BTCUSDT,
    isConnected: true,
    quote: { price: decimal("49995"), bid: decimal("49990"), ask: decimal("50000") },
    rate: decimal("1"),
    account: account({ USDT: ["10000", "0"], BTC: ["0.5", "0"] }),
    orders: [],
    positions: [],
    limits: LIMITS,
    ...change,
  };
}

export function draft(change: Partial<Draft> = {}): Draft {
  return { ...NEW_DRAFT, ...change };
}
