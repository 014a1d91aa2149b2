"""An account, an order and a judgement, in few words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.account import (
    Account,
    OpenOrder,
    RiskLimits,
)
from domain.market import Pricing
from domain.orders import OrderIntent, Side
from domain.positions import Position
from domain.risk import (
    Denial,
    LimitType,
    check,
)
from tests.domain.strategies import (
    NOW,
    PRICES,
    RULES,
    WIDE,
    account_of,
    intent_of,
    order_of,
    pricing_of,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
NEXT = D("0.00000001")


def account(limits: RiskLimits = WIDE, **changes: Any) -> Account:
    return replace(account_of(limits, USDT=10**9, BTC=10**6), **changes)


def limited(**limits: Any) -> RiskLimits:
    return replace(WIDE, **limits)


def position(symbol: str = "BTCUSDT", quantity: str = "0.1") -> Position:
    rules = RULES[symbol]
    return Position(
        symbol, "user-1", symbol, rules.quote_asset, D(quantity), PRICES[symbol], D(0), NOW
    )


def holding(*positions: Position) -> dict[str, Position]:
    return {held.symbol: held for held in positions}


def pending(intent: OrderIntent, key: str, worth: str = "0", reserved: str = "0") -> OpenOrder:
    order = order_of(intent, key)
    asset = order.quote_asset if intent.side is BUY else order.base_asset
    return OpenOrder(order, 1, NOW, asset, D(reserved), D(worth))


def waiting(*orders: OpenOrder) -> dict[str, OpenOrder]:
    return {order.order.trade_id: order for order in orders}


def judge(state: Account, intent: OrderIntent, pricing: Pricing | None = None) -> Denial | None:
    return check(state, order_of(intent), pricing or pricing_of(intent.symbol), NOW)


def reason(state: Account, intent: OrderIntent) -> LimitType | None:
    denial = judge(state, intent)
    return denial.limit_type if denial else None


BUY_TENTH = intent_of("BTCUSDT", BUY, quantity="0.1", price="60000")  # worth 6,000
SELL_TENTH = intent_of("BTCUSDT", SELL, quantity="0.1", price="60000")
