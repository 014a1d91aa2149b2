"""Pre-trade risk: the typed catalogue of denials, decided on one account state.

Everything fails closed: what cannot be judged is denied.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.account import Account, OrderRate, TradingState, daily_loss_pct
from domain.errors import ErrorCode
from domain.market import Pricing, Quote
from domain.orders import Order, OrderIntent, Side
from domain.precision import is_price, raise_to_unit

BPS = Decimal(10_000)


class LimitType(StrEnum):
    """What a denial is about."""

    TRADING_STATE = "trading_state"
    ORDERS_PER_MINUTE = "orders_per_minute"
    DAILY_LOSS = "daily_loss"
    ORDER_NOTIONAL = "order_notional"
    POSITION_NOTIONAL = "position_notional"
    OPEN_POSITIONS = "open_positions"
    PRICE_COLLAR = "price_collar"
    BALANCE = "balance"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Denial:
    """Why an order may not leave, with the numbers that decided it."""

    code: ErrorCode
    limit_type: LimitType
    detail: str
    current_value: Decimal | None = None
    limit_value: Decimal | None = None


def exceeded(
    limit_type: LimitType, detail: str, current: Decimal | int, limit: Decimal | int
) -> Denial:
    """Return the denial of an exceeded limit."""
    return Denial(
        ErrorCode.RISK_LIMIT_EXCEEDED, limit_type, detail, Decimal(current), Decimal(limit)
    )


def expected_price(intent: OrderIntent, quote: Quote) -> Decimal:
    """Return the price that an order is judged at: its limit, else the side it would take."""
    if intent.price is not None:
        return intent.price
    return quote.ask if intent.side is Side.BUY else quote.bid


def notional(intent: OrderIntent, quote: Quote) -> Decimal:
    """Return what an order is worth, in the symbol's quote asset."""
    if intent.quote_quantity is not None:
        return intent.quote_quantity
    return (intent.quantity or Decimal(0)) * expected_price(intent, quote)


def base_quantity(intent: OrderIntent, quote: Quote) -> Decimal:
    """Return what an order buys or sells, in the base asset (estimated for quote orders)."""
    if intent.quantity is not None:
        return intent.quantity
    return raise_to_unit((intent.quote_quantity or Decimal(0)) / expected_price(intent, quote))


def advance_rate(rate: OrderRate, now: datetime) -> OrderRate:
    """Return the window with one more order in it; a clock that lags does not empty it."""
    minute = max(int(now.timestamp()) // 60, rate.minute)
    if minute == rate.minute:
        return replace(rate, count=rate.count + 1)
    previous = rate.count if minute == rate.minute + 1 else 0
    return OrderRate(minute=minute, count=1, previous_count=previous)


def orders_last_minute(rate: OrderRate, now: datetime) -> Decimal:
    """Return the orders of the last 60 s, the older minute counted by the share still in it."""
    elapsed_s = min(max(int(now.timestamp()) - rate.minute * 60, 0), 60)
    return rate.count + Decimal(rate.previous_count * (60 - elapsed_s)) / 60


def check(account: Account, order: Order, pricing: Pricing, now: datetime) -> Denial | None:
    """Judge an order against everything but the balance; None lets it pass.

    Args:
        account: The state, its day and order rate already moved to `now`.
        order: What is asked.
        pricing: The live quote of the symbol and what that is worth to the account.
        now: The time of the decision.
    """
    return (
        _check_pricing(order, pricing)
        or _check_state(account, order, pricing.quote)
        or _check_rate(account, now)
        or _check_daily_loss(account, order)
        or _check_collar(account, order.intent, pricing.quote)
        or _check_notionals(account, order, pricing)
        or _check_open_positions(account, order)
    )


def _check_pricing(order: Order, pricing: Pricing) -> Denial | None:
    """Without true prices of this symbol nothing below means anything."""
    quote = pricing.quote
    prices = (quote.bid, quote.ask, pricing.rate)
    if quote.symbol == order.intent.symbol and all(is_price(price) for price in prices):
        return None
    return Denial(ErrorCode.QUOTE_STALE, LimitType.QUOTE, "there is no usable price of the symbol")


def _reduces(account: Account, order: Order, quote: Quote) -> bool:
    position = account.open_position(order.intent.symbol)
    if order.intent.side is not Side.SELL or position is None:
        return False
    pending = sum(
        (
            open_order.reserved
            for open_order in account.orders.values()
            if open_order.reserved_asset == order.base_asset
        ),
        Decimal(0),
    )
    return base_quantity(order.intent, quote) + pending <= position.quantity


def _check_state(account: Account, order: Order, quote: Quote) -> Denial | None:
    state = account.trading_state
    if state is TradingState.ACTIVE:
        return None
    if state is TradingState.REDUCING and _reduces(account, order, quote):
        return None
    what = "only reducing orders are" if state is TradingState.REDUCING else "no order is"
    return Denial(
        ErrorCode.TRADING_HALTED,
        LimitType.TRADING_STATE,
        f"trading is {state}: {what} accepted",
    )


def _check_rate(account: Account, now: datetime) -> Denial | None:
    current, limit = orders_last_minute(account.rate, now), account.limits.max_orders_per_minute
    if current <= limit:
        return None
    return exceeded(LimitType.ORDERS_PER_MINUTE, "too many orders in a minute", current, limit)


def _check_daily_loss(account: Account, order: Order) -> Denial | None:
    if order.intent.side is Side.SELL and account.open_position(order.intent.symbol):
        return None  # Leaving a losing position must stay possible.
    current, limit = daily_loss_pct(account), -account.limits.max_daily_loss_pct
    if current > limit or not account.day.realized_pnl:
        return None
    return exceeded(LimitType.DAILY_LOSS, "today's loss has reached its limit", current, limit)


def _check_collar(account: Account, intent: OrderIntent, quote: Quote) -> Denial | None:
    """A price that would trade far through the market is a slip of the hand."""
    if intent.price is None:
        return None
    reference = intent.stop_price
    if reference is None:
        reference = quote.ask if intent.side is Side.BUY else quote.bid
    beyond = (intent.price - reference) / reference * BPS
    if intent.side is Side.SELL:
        beyond = -beyond
    limit = account.limits.price_collar_bps
    if beyond <= limit:
        return None
    return exceeded(
        LimitType.PRICE_COLLAR, "the price is too far through the market", beyond, limit
    )


def _check_notionals(account: Account, order: Order, pricing: Pricing) -> Denial | None:
    quote, rate = pricing.quote, pricing.rate
    limits, worth = account.limits, notional(order.intent, quote) * rate
    if worth > limits.max_order_notional_quote:
        limit = limits.max_order_notional_quote
        return exceeded(LimitType.ORDER_NOTIONAL, "the order is worth too much", worth, limit)
    if order.intent.side is Side.SELL:
        return None
    symbol = order.intent.symbol
    position = account.open_position(symbol)
    held = position.quantity * quote.bid * rate if position else Decimal(0)
    pending = sum(
        (
            open_order.notional_quote
            for open_order in account.orders.values()
            if open_order.order.intent.symbol == symbol and open_order.order.intent.side is Side.BUY
        ),
        Decimal(0),
    )
    total, limit = held + pending + worth, limits.max_position_notional_quote
    if total <= limit:
        return None
    return exceeded(
        LimitType.POSITION_NOTIONAL, "the position would be worth too much", total, limit
    )


def _check_open_positions(account: Account, order: Order) -> Denial | None:
    if order.intent.side is Side.SELL:
        return None
    symbols = {position.symbol for position in account.open_positions}
    symbols |= {
        open_order.order.intent.symbol
        for open_order in account.orders.values()
        if open_order.order.intent.side is Side.BUY
    }
    symbols.add(order.intent.symbol)
    limit = account.limits.max_open_positions
    if len(symbols) <= limit:
        return None
    return exceeded(LimitType.OPEN_POSITIONS, "too many open positions", len(symbols), limit)
