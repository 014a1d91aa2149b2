"""Brackets: a stop-loss and a take-profit that protect what an entry has bought.

They become orders once the entry ends with something bought: both together a pair (OCO) that
holds the quantity once, and of which one cancels the other.
"""

from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from domain.account import OpenOrder
from domain.errors import ErrorCode, Rejected
from domain.market import SymbolRules
from domain.order_status import OrderStatus
from domain.orders import (
    Order,
    OrderIntent,
    OrderType,
    Side,
    TimeInForce,
    fingerprint,
    trade_id_of,
    validate_intent,
)
from domain.paper.arriving import resting_of
from domain.paper.book import ZERO, to_step
from domain.paper.desk import Desk
from domain.paper.queueing import Phase
from domain.paper.state import Bracket, PaperTrade
from domain.risk import BPS
from domain.trades import submitting

# The stop leg sells at this much below its stop price or better: a fall that does not jump
# further in one trade fills it, and a thin book does not give it away for nothing.
STOP_LIMIT_OFFSET_BPS = Decimal(100)


def check_bracket(
    intent: OrderIntent, bracket: Bracket | None, price: Decimal, rules: SymbolRules
) -> None:
    """Refuse a bracket that could not protect the entry.

    Args:
        intent: The entry.
        bracket: What is to protect it.
        price: What the entry is expected to be bought at.
        rules: The symbol's filters.

    Raises:
        Rejected: `INVALID_ORDER`, or `FILTER_FAILURE` where a price is none of the venue's.
    """
    if bracket is None:
        return
    errors = {}
    if intent.side is not Side.BUY:
        errors["stop_loss"] = "only a purchase can be protected"
    if bracket.stop_loss is not None and not ZERO < bracket.stop_loss < price:
        errors["stop_loss"] = "must be below the price of the entry"
    if bracket.take_profit is not None and not bracket.take_profit > price:
        errors["take_profit"] = "must be above the price of the entry"
    if errors:
        raise Rejected(
            ErrorCode.INVALID_ORDER,
            "; ".join(f"{name}: {detail}" for name, detail in errors.items()),
            errors=[{"field": name, "message": detail} for name, detail in errors.items()],
        )
    quantity = intent.quantity or to_step((intent.quote_quantity or ZERO) / price, rules.step_size)
    for leg in legs(intent.symbol, bracket, quantity, rules):
        validate_intent(leg, rules)


def legs(
    symbol: str, bracket: Bracket, quantity: Decimal, rules: SymbolRules
) -> tuple[OrderIntent, ...]:
    """Return the sales that protect a quantity: the take-profit first, then the stop-loss."""
    found = []
    if bracket.take_profit is not None:
        limit = OrderIntent(
            symbol,
            Side.SELL,
            OrderType.LIMIT,
            quantity=quantity,
            price=bracket.take_profit,
            time_in_force=TimeInForce.GTC,
        )
        found.append(limit)
    if bracket.stop_loss is not None:
        floor = bracket.stop_loss * (1 - STOP_LIMIT_OFFSET_BPS / BPS)
        if rules.tick_size:
            floor = (floor / rules.tick_size).to_integral_value(ROUND_FLOOR) * rules.tick_size
        stop = OrderIntent(
            symbol,
            Side.SELL,
            OrderType.STOP_LOSS_LIMIT,
            quantity=quantity,
            price=max(floor, rules.min_price),
            stop_price=bracket.stop_loss,
            time_in_force=TimeInForce.GTC,
        )
        found.append(stop)
    return tuple(found)


def protect_entries(desk: Desk) -> None:
    """Place the protection of every entry that has just ended with something bought.

    The take-profit goes to the market with the next book that is heard. A rest below the
    venue's smallest order cannot be sold, and is not protected.
    """
    while desk.entries:
        entry = desk.entries.pop(0)
        trade, bracket = entry.trade, entry.bracket
        rules = desk.state.markets[trade.order.intent.symbol].rules
        fees = trade.commission if trade.commission_asset == trade.order.base_asset else ZERO
        free = desk.state.account.balance(trade.order.base_asset).free
        quantity = to_step(min(trade.executed_quantity - fees, free), rules.step_size)
        intents = legs(rules.symbol, bracket or Bracket(), quantity, rules)
        if all(_is_sellable(intent, rules) for intent in intents):
            _place_legs(desk, entry, intents)


def _is_sellable(intent: OrderIntent, rules: SymbolRules) -> bool:
    try:
        validate_intent(intent, rules)
    except Rejected:
        return False
    return True


def _place_legs(desk: Desk, entry: PaperTrade, intents: tuple[OrderIntent, ...]) -> None:
    orders = [_leg_order(entry.trade.order, intent) for intent in intents]
    for index, order in enumerate(orders):
        held = (order.intent.quantity or ZERO) if index == 0 else ZERO
        partner = orders[1 - index].trade_id if len(orders) > 1 else None
        is_stop = order.intent.stop_price is not None
        _open_leg(desk, entry, order)
        paper = desk.hold(order.trade_id, held)
        phase = Phase.WAITING if is_stop else Phase.ARRIVING
        desk.rest(resting_of(paper, phase, desk, partner))


def _leg_order(entry: Order, intent: OrderIntent) -> Order:
    kind = "stop_loss" if intent.stop_price is not None else "take_profit"
    return replace(
        entry,
        trade_id=trade_id_of(entry.trade_id, kind),
        intent=intent,
        fingerprint=fingerprint(intent),
    )


def _open_leg(desk: Desk, entry: PaperTrade, order: Order) -> None:
    number, account = desk.state.trade_count + 1, desk.state.account
    open_order = OpenOrder(
        order=order,
        requested_at_ms=number,
        created_at=desk.at,
        reserved_asset=order.base_asset,
        reserved=ZERO,
        notional_quote=ZERO,
    )
    account = replace(account, orders={**account.orders, order.trade_id: open_order})
    trade = replace(submitting(order, desk.at), status=OrderStatus.NEW, venue_order_id=number)
    paper = PaperTrade(
        session_id=entry.session_id,
        generation=entry.generation,
        number=number,
        trade=trade,
        reference_price=order.intent.stop_price or order.intent.price,
        fills_before=desk.state.fill_count,
        balance_after=ZERO,
        parent_trade_id=entry.trade_id,
    )
    known = {**desk.state.open_trades, order.trade_id: paper}
    desk.state = replace(desk.state, account=account, trade_count=number, open_trades=known)
