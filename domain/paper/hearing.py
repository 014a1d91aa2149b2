"""What a session hears of the market: resting orders fill, stops go, orders arrive."""

from dataclasses import replace

from domain.order_status import OrderStatus
from domain.paper.arriving import arrive
from domain.paper.book import BookSnapshot, Level
from domain.paper.brackets import protect_entries
from domain.paper.desk import Desk, step
from domain.paper.observations import MarketTrade, Observation, QueueSeen
from domain.paper.queueing import (
    Met,
    Phase,
    Resting,
    advanced,
    is_news,
    is_triggered,
    meet_book,
    meet_trade,
)
from domain.paper.state import Changes, MarketSeen, SessionState, SessionStatus


def hear(state: SessionState, observation: Observation) -> tuple[SessionState, Changes]:
    """Return the session after an observation, and what it changed.

    Where the books do not balance, nothing is changed but the session's status: BROKEN.
    Told twice, or too late, an observation changes nothing: trades count up within a symbol,
    snapshots go by their time (a venue that starts anew may count them anew). Nor does it
    where the session has ended or has never traded the symbol. Observations
    of one symbol are to be told in the order of their time.
    """
    market = state.markets.get(observation.symbol)
    if market is None or state.status is not SessionStatus.ACTIVE:
        return state, Changes()
    if isinstance(observation, QueueSeen):
        return _seen(state, observation), Changes()
    if isinstance(observation, MarketTrade):
        if observation.trade_id <= market.last_trade_id:
            return state, Changes()
        state = _after_trade(state, market, observation)
        after, changes, _ = step(state, observation.at, lambda desk: _trade(desk, observation))
        return after, changes
    if not is_news(observation, market.heard_at):
        return state, Changes()
    state = _after_book(state, market, observation)
    after, changes, _ = step(state, observation.at, lambda desk: _book(desk, observation))
    return after, changes


def _seen(state: SessionState, seen: QueueSeen) -> SessionState:
    order = state.resting.get(seen.order_id)
    if order is None:
        return state
    return replace(state, resting={**state.resting, order.trade_id: advanced(order, seen)})


def _after_trade(state: SessionState, market: MarketSeen, trade: MarketTrade) -> SessionState:
    seen = replace(market, last_trade_id=trade.trade_id)
    return replace(
        state,
        markets={**state.markets, trade.symbol: seen},
        marks={**state.marks, market.rules.base_asset: trade.price * market.rate},
    )


def _after_book(state: SessionState, market: MarketSeen, book: BookSnapshot) -> SessionState:
    seen = replace(market, heard_at=book.at)
    return replace(
        state,
        markets={**state.markets, book.symbol: seen},
        marks={**state.marks, market.rules.base_asset: book.mid * market.rate},
    )


def _trade(desk: Desk, trade: MarketTrade) -> None:
    met = meet_trade(desk.state.orders_of(trade.symbol), trade)
    due = [m.resting.trade_id for m in met if is_triggered(m.resting, trade)]
    _fill(desk, met)
    for trade_id in due:
        order = desk.state.resting.get(trade_id)
        if order is not None:  # its pair's other order may have filled on this very trade
            _trigger(desk, order)
    protect_entries(desk)


def _trigger(desk: Desk, order: Resting) -> None:
    """Send a stop order on its way; what its pair held is its own now."""
    if order.partner is not None and order.partner in desk.state.open_trades:
        desk.end(order.partner, OrderStatus.EXPIRED)
        desk.hold(order.trade_id, order.remaining)
    desk.rest(replace(order, phase=Phase.ARRIVING, since=desk.at, partner=None))


def _book(desk: Desk, book: BookSnapshot) -> None:
    orders = desk.state.orders_of(book.symbol)
    arriving = [o for o in orders if o.phase is Phase.ARRIVING and book.at > o.since]
    _fill(desk, meet_book(orders, book))
    for order in arriving:
        if order.trade_id in desk.state.open_trades:
            arrive(desk, order.trade_id, book)
            _join_pair(desk, order)
    protect_entries(desk)


def _join_pair(desk: Desk, order: Resting) -> None:
    """Keep the pair of an order that now rests in the book."""
    rests = desk.state.resting.get(order.trade_id)
    if rests is not None and order.partner is not None:
        desk.rest(replace(rests, partner=order.partner))


def _fill(desk: Desk, met: list[Met]) -> None:
    for one in met:
        order = one.resting
        if order.trade_id not in desk.state.resting:
            continue  # the other order of its pair filled a moment ago
        if order != desk.state.resting[order.trade_id]:
            desk.rest(order)
        if one.filled:
            desk.fill(order.trade_id, Level(order.price, one.filled), is_maker=True)
