"""When a resting order fills: the market trades through it, or its queue has been traded away.

The book shows quantities, not orders, so the place in the queue is estimated (E. Rigtorp,
"Estimating order queue position", https://rigtorp.se/2013/06/08/estimating-order-queue-position.html;
the same model is hftbacktest's probability queue with the identity function):

- An order joins behind everything that its level shows when it arrives.
- A trade at its price takes from what is ahead first; what is left of it fills the order.
- Where a level shrinks by more than was traded there, the rest was canceled: from before and
  behind the order in proportion. Where it grows, the new orders stand behind.
- A trade beyond its price, or one of an aggressor of its own side at its price, would have met
  it first: it fills the order, as far as the trade goes.
- A quote of the other side at or beyond its price cannot stand in one book with it: the order
  fills as far as that quote goes, each quantity once.

Several orders of one session share a trade, better price first, then the older one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.orders import Side
from domain.paper.book import ZERO, BookSnapshot, is_within, quantity_at, to_step, within_limit
from domain.paper.observations import MarketTrade, QueueSeen
from domain.precision import raise_to_unit


class Phase(StrEnum):
    """Where an open paper order is: before its stop price, on its way, in the book."""

    WAITING = "WAITING"
    ARRIVING = "ARRIVING"
    RESTING = "RESTING"


@dataclass(frozen=True, slots=True)
class Resting:
    """An open order as the market meets it; quantities in the base asset.

    `ahead` is None while the level has not been seen. `level_quantity` is what the level last
    showed, `traded` what was traded there since; `crossed` is what opposite quotes at or beyond
    its price filled already. Nothing from before `since` concerns it. `partner` is the other
    order of its pair, of which one cancels the other.
    """

    trade_id: str
    symbol: str
    side: Side
    price: Decimal
    remaining: Decimal
    step_size: Decimal
    phase: Phase
    since: datetime
    stop_price: Decimal | None = None
    triggers_above: bool = False
    ahead: Decimal | None = None
    level_quantity: Decimal = ZERO
    traded: Decimal = ZERO
    crossed: Decimal = ZERO
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """One order after an observation, and what it fills, at its own price."""

    resting: Resting
    filled: Decimal = ZERO


def in_queue(resting: Resting, book: BookSnapshot, at: datetime) -> Resting:
    """Put an order into the book at the end of its level.

    What stood across its price has been taken by it, or by another order of the session: the
    public book goes on showing it, and it must not fill the order again.
    """
    shown = quantity_at(book, resting.side, resting.price)
    return replace(
        resting,
        phase=Phase.RESTING,
        since=at,
        ahead=shown,
        level_quantity=shown or ZERO,
        crossed=_across(resting, book),
    )


def _across(order: Resting, book: BookSnapshot) -> Decimal:
    """Return what the other side quotes at or beyond an order's price."""
    levels = within_limit(book.opposite(order.side), order.side, order.price)
    return sum((level.quantity for level in levels), ZERO)


def is_news(book: BookSnapshot, heard_at: datetime | None) -> bool:
    """Whether a snapshot is whole, and later than the last one."""
    return book.is_usable and (heard_at is None or book.at > heard_at)


def by_priority(orders: Iterable[Resting]) -> list[Resting]:
    """Sort orders: for each side the better price first, then the older one."""

    def rank(order: Resting) -> tuple[str, Decimal, datetime]:
        return order.side, -order.price if order.side is Side.BUY else order.price, order.since

    return sorted(orders, key=rank)


def is_triggered(order: Resting, trade: MarketTrade) -> bool:
    """Whether a trade reaches the stop price of an order that waits for it."""
    if order.phase is not Phase.WAITING or order.stop_price is None or trade.at <= order.since:
        return False
    if order.triggers_above:
        return trade.price >= order.stop_price
    return trade.price <= order.stop_price


def meet_trade(orders: Iterable[Resting], trade: MarketTrade) -> list[Met]:
    """Let a trade pass the orders of its symbol; a list in order of priority."""
    met, left = [], trade.quantity
    for order in by_priority(orders):
        after = _meet_trade(order, trade, left)
        left -= after.filled
        met.append(after)
    return met


def _meet_trade(order: Resting, trade: MarketTrade, left: Decimal) -> Met:
    if order.phase is not Phase.RESTING or trade.at <= order.since:
        return Met(order)
    if not is_within(order.side, trade.price, order.price):
        return Met(order)
    comes_to_us = trade.is_buyer_maker is (order.side is Side.BUY)
    if not comes_to_us:  # it took quotes across our price: those we had are not there any more
        had = min(order.crossed, left)
        return _filled(replace(order, ahead=ZERO, crossed=order.crossed - had), left - had)
    if trade.price != order.price:
        return _filled(replace(order, ahead=ZERO), left)
    order = replace(order, traded=order.traded + trade.quantity)
    if order.ahead is None:
        return Met(order)
    reached = left - order.ahead
    return _filled(replace(order, ahead=max(order.ahead - left, ZERO)), reached)


def _filled(order: Resting, reached: Decimal) -> Met:
    quantity = to_step(min(order.remaining, max(reached, ZERO)), order.step_size)
    return Met(replace(order, remaining=order.remaining - quantity), quantity)


def meet_book(orders: Iterable[Resting], book: BookSnapshot) -> list[Met]:
    """Let a snapshot tell the orders of its symbol; a list in order of priority."""
    met, used = [], {Side.BUY: ZERO, Side.SELL: ZERO}
    for order in by_priority(orders):
        after = _meet_book(order, book, used[order.side])
        used[order.side] += after.filled
        met.append(after)
    return met


def _meet_book(order: Resting, book: BookSnapshot, used: Decimal) -> Met:
    if order.phase is not Phase.RESTING or book.at <= order.since:
        return Met(order)
    across = _across(order, book)
    if not across:
        return Met(_moved_up(replace(order, crossed=ZERO), book))
    after = _filled(replace(order, ahead=ZERO), across - order.crossed - used)
    crossed = min(across, order.crossed + used + after.filled)
    return Met(replace(after.resting, crossed=crossed), after.filled)


def _moved_up(order: Resting, book: BookSnapshot) -> Resting:
    shown = quantity_at(book, order.side, order.price)
    if shown is None:
        return order
    ahead = shown if order.ahead is None else order.ahead
    expected = order.level_quantity - order.traded
    if order.ahead is not None and expected > ZERO and shown < expected:
        ahead = raise_to_unit(ahead * shown / expected)
    return replace(order, ahead=min(ahead, shown), level_quantity=shown, traded=ZERO)


def advanced(order: Resting, seen: QueueSeen) -> Resting:
    """Return the order at the place that its watcher counted; a queue never grows ahead."""
    if order.phase is not Phase.RESTING:
        return order
    return replace(
        order,
        ahead=seen.ahead if order.ahead is None else min(order.ahead, seen.ahead),
        level_quantity=seen.level_quantity,
        traded=seen.traded,
        crossed=seen.crossed,
    )
