"""What orders do to an account: reserve before they leave, settle by fill, release."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.account import (
    ACCOUNT_QUOTE_ASSET,
    ZERO,
    Account,
    OpenOrder,
    on_day,
    with_balance,
)
from domain.errors import ErrorCode, HaltTrading
from domain.market import Pricing, Quote
from domain.orders import Order, Side
from domain.positions import Position, position_after
from domain.precision import cut_to_unit, raise_to_unit
from domain.risk import (
    BPS,
    Denial,
    LimitType,
    advance_rate,
    base_quantity,
    check,
    notional,
)
from domain.trades import Fill, Trade

# The time of a request of which, provably, no copy is under way.
NOT_UNDER_WAY = 0


@dataclass(frozen=True, slots=True)
class Reserved:
    """The account with the order on it."""

    account: Account
    open_order: OpenOrder


@dataclass(frozen=True, slots=True)
class Settled:
    """The account after a trade's fills, and the positions that changed, oldest first."""

    account: Account
    positions: tuple[Position, ...] = ()


def reserve(
    account: Account, order: Order, pricing: Pricing, now: datetime, requested_at_ms: int
) -> Reserved | Denial:
    """Decide on an order and, where it may leave, hold what it needs.

    Args:
        account: The state that the decision is made on.
        order: What is asked; must not be on the account already.
        pricing: The live quote of its symbol and what that is worth to the account.
        now: Our time.
        requested_at_ms: The venue's time, with which the request will be signed.

    Raises:
        HaltTrading: The order is on the account already, or is somebody else's: reserving
            it would count money twice.
    """
    if order.trade_id in account.orders or order.user_id != account.user_id:
        raise HaltTrading(
            ErrorCode.SERVICE_UNAVAILABLE, f"trade {order.trade_id} cannot be reserved here"
        )
    account = replace(on_day(account, now), rate=advance_rate(account.rate, now))
    denial = check(account, order, pricing, now)
    if denial is not None:
        return denial
    asset, needed, held = _needs(account, order, pricing.quote)
    free = account.balance(asset).free
    if needed <= 0 or free < needed:
        return Denial(
            ErrorCode.INSUFFICIENT_BALANCE,
            LimitType.BALANCE,
            f"the order needs {needed:f} {asset}, {free:f} is free",
            free,
            needed,
        )
    open_order = OpenOrder(
        order=order,
        requested_at_ms=requested_at_ms,
        created_at=now,
        reserved_asset=asset,
        reserved=held,
        notional_quote=raise_to_unit(notional(order.intent, pricing.quote) * pricing.rate),
    )
    account = with_balance(account, asset, -held, held)
    orders = {**account.orders, order.trade_id: open_order}
    return Reserved(replace(account, orders=orders), open_order)


def _needs(account: Account, order: Order, quote: Quote) -> tuple[str, Decimal, Decimal]:
    """Return the asset, what must be free of it, and what is held.

    A MARKET order may slip where its price decides what it takes (a purchase by quantity, a
    sale by quote quantity): up to the price collar more is held where it is there, so that a
    simultaneous order does not spend it.
    """
    intent = order.intent
    if intent.side is Side.SELL:
        asset, needed = order.base_asset, base_quantity(intent, quote)
        is_certain = intent.quantity is not None
    else:
        asset, needed = order.quote_asset, raise_to_unit(notional(intent, quote))
        is_certain = intent.price is not None or intent.quote_quantity is not None
    if is_certain:
        return asset, needed, needed
    slipped = raise_to_unit(needed * (1 + account.limits.price_collar_bps / BPS))
    return asset, needed, max(needed, min(slipped, account.balance(asset).free))


def settle(account: Account, trade: Trade) -> Settled:
    """Return the account with the trade's fills on it, each fill once.

    A trade that is not on the account was settled to its end before: nothing changes.

    Raises:
        HaltTrading: The trade ends as if the venue had never had it, or without a fill that
            is on the account: ending it would free money that may be spent.
    """
    open_order = account.orders.get(trade.order.trade_id)
    if open_order is None:
        return Settled(account)
    if trade.is_terminal and _denies_the_known(trade, open_order):
        raise HaltTrading(
            ErrorCode.SERVICE_UNAVAILABLE,
            f"trade {trade.order.trade_id} ends as {trade.status}, against what the venue said",
        )
    changed: dict[str, Position] = {}
    for fill in trade.fills:
        if fill.venue_trade_id not in open_order.applied_fills:
            account, open_order, position = _apply(account, open_order, fill)
            if position is not None:
                changed[position.position_id] = position
    is_confirmed = open_order.is_confirmed or trade.venue_order_id is not None
    open_order = replace(open_order, is_confirmed=is_confirmed)
    orders = {key: value for key, value in account.orders.items() if key != trade.order.trade_id}
    if trade.is_terminal:
        account = with_balance(
            account, open_order.reserved_asset, open_order.reserved, -open_order.reserved
        )
    else:
        orders[trade.order.trade_id] = open_order
    return Settled(replace(account, orders=orders), tuple(changed.values()))


def _denies_the_known(trade: Trade, open_order: OpenOrder) -> bool:
    if open_order.is_confirmed and trade.venue_order_id is None:
        return True
    return not {fill.venue_trade_id for fill in trade.fills}.issuperset(open_order.applied_fills)


def release(account: Account, trade_id: str, requested_at_ms: int) -> Account:
    """Return the account without an order that provably never reached the venue.

    Only the reservation that was signed with `requested_at_ms` is released: a later one
    belongs to somebody who took over, and one that the venue confirmed is the venue's to end.
    """
    open_order = account.orders.get(trade_id)
    if (
        open_order is None
        or open_order.requested_at_ms != requested_at_ms
        or open_order.is_confirmed
    ):
        return account
    orders = {key: value for key, value in account.orders.items() if key != trade_id}
    account = with_balance(
        account, open_order.reserved_asset, open_order.reserved, -open_order.reserved
    )
    return replace(account, orders=orders)


def restamp(account: Account, trade_id: str, old_ms: int, new_ms: int) -> Account | None:
    """Return the account with a request about to be sent again, under a new time.

    `NOT_UNDER_WAY` as the new time says that no copy of the request can be accepted. None
    where somebody else has sent it again, or settled it, in the meantime.
    """
    open_order = account.orders.get(trade_id)
    if open_order is None or open_order.requested_at_ms != old_ms or open_order.is_confirmed:
        return None
    again = replace(open_order, requested_at_ms=new_ms)
    return replace(account, orders={**account.orders, trade_id: again})


def _apply(
    account: Account, open_order: OpenOrder, fill: Fill
) -> tuple[Account, OpenOrder, Position | None]:
    order = open_order.order
    account = on_day(account, fill.time)  # the day's opening equity is from before this fill
    cost = fill.cost
    buys = order.intent.side is Side.BUY
    spent, received = (cost, fill.quantity) if buys else (fill.quantity, cost)
    spent_asset, received_asset = (
        (order.quote_asset, order.base_asset) if buys else (order.base_asset, order.quote_asset)
    )
    from_reserve = min(open_order.reserved, spent)
    account = with_balance(account, spent_asset, from_reserve - spent, -from_reserve)
    account = with_balance(account, received_asset, received, ZERO)
    account = with_balance(account, fill.commission_asset, -fill.commission, ZERO)
    left = open_order.reserved - from_reserve
    if buys and order.intent.price is not None:  # filled below its limit: free the difference
        held = cut_to_unit(order.intent.price * fill.quantity)
        saved = min(left, max(held - from_reserve, ZERO))
        account = with_balance(account, spent_asset, saved, -saved)
        left -= saved
    position, pnl = position_after(account.positions.get(order.intent.symbol), order, fill)
    account = _realize(account, order, pnl)
    if position is not None:
        account = replace(account, positions={**account.positions, position.symbol: position})
    applied = (*open_order.applied_fills, fill.venue_trade_id)
    return account, replace(open_order, reserved=left, applied_fills=applied), position


def _realize(account: Account, order: Order, pnl: Decimal) -> Account:
    if order.quote_asset != ACCOUNT_QUOTE_ASSET:
        return account
    day = replace(account.day, realized_pnl=account.day.realized_pnl + pnl)
    return replace(account, day=day)
