"""Reserving and settling, in few words."""

from decimal import Decimal
from typing import Any

from domain.account import Account
from domain.errors import ErrorCode
from domain.order_status import OrderStatus
from domain.orders import OrderIntent, Side
from domain.reservation import Reserved, reserve, settle
from domain.risk import Denial
from domain.trades import Execution, Failure, Fill, Trade, advance, submitting
from tests.domain.strategies import (
    NOW,
    account_of,
    fill_of,
    intent_of,
    order_of,
    pricing_of,
)

D = Decimal
S = OrderStatus
BUY, SELL = Side.BUY, Side.SELL
STAMP_MS = 1_000
UNIT = D("1e-8")
FAILURE = Failure(ErrorCode.VENUE_UNAVAILABLE, "nothing there")


def ask(
    account: Account, intent: OrderIntent, key: object = "key", **changes: Any
) -> Reserved | Denial:
    given_ = {"pricing": pricing_of(intent.symbol), "now": NOW, "requested_at_ms": STAMP_MS}
    return reserve(account, order_of(intent, key), **{**given_, **changes})


def held(account: Account, intent: OrderIntent, key: object = "key") -> Account:
    decision = ask(account, intent, key)
    assert isinstance(decision, Reserved)
    return decision.account


def trade_of(intent: OrderIntent, *fills: Fill, key: object = "key", end: OrderStatus) -> Trade:
    executed = sum((fill.quantity for fill in fills), D(0))
    at = max([NOW, *(fill.time for fill in fills)])
    word = Execution(7, end, fills, at, executed)
    return advance(submitting(order_of(intent, key), NOW), word)


def put(
    account: Account, intent: OrderIntent, *fills: Fill, end: OrderStatus = S.PARTIALLY_FILLED
) -> Account:
    return settle(account, trade_of(intent, *fills, end=end)).account


def balance(account: Account, asset: str) -> tuple[Decimal, Decimal]:
    found = account.balance(asset)
    return found.free, found.locked


LIMIT = intent_of("BTCUSDT", BUY, quantity="0.1", price="60000")
SALE = intent_of("BTCUSDT", SELL, quantity="0.1", price="60000")


HOLDING = put(held(account_of(USDT=6_000), LIMIT), LIMIT, fill_of(1, "60000", "0.1"), end=S.FILLED)
