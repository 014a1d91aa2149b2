"""What a watcher of the market keeps for a session, so that the session is only told what counts.

The watcher sees every trade and snapshot; the session is a workflow, and every observation it
is told stays in its history. A watch meets each observation as the session would, and tells it
only when an order fills, triggers or arrives, together with how far the queues moved until
then. A watcher that dies loses the queues' progress since it told last: orders then fill later
than they might, never sooner.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.paper.book import BookSnapshot
from domain.paper.observations import MarketTrade, Observation, QueueSeen
from domain.paper.queueing import Phase, Resting, is_news, is_triggered, meet_book, meet_trade
from domain.paper.state import SessionState, SessionStatus


@dataclass(frozen=True, slots=True)
class Watch:
    """The open orders of one session in one symbol, as the market has met them so far.

    `told` are the orders as the session knows them.
    """

    session_id: str
    symbol: str
    orders: tuple[Resting, ...]
    told: tuple[Resting, ...]
    last_trade_id: int = -1
    heard_at: datetime | None = None


def watches_of(state: SessionState) -> dict[str, Watch]:
    """Return what to watch for a session, by symbol; nothing where it has no open orders."""
    if state.status is not SessionStatus.ACTIVE:
        return {}
    found = {}
    for symbol, market in state.markets.items():
        orders = tuple(state.orders_of(symbol))
        if orders:
            found[symbol] = Watch(
                session_id=state.session_id,
                symbol=symbol,
                orders=orders,
                told=orders,
                last_trade_id=market.last_trade_id,
                heard_at=market.heard_at,
            )
    return found


def renewed(watch: Watch, fresh: Watch) -> Watch:
    """Return the session's latest word on its orders, with the queues' progress kept.

    An order that the session knows as before goes on from where the watcher had it.
    """
    mine = {order.trade_id: order for order in watch.orders}
    known = {order.trade_id: order for order in watch.told}
    orders = tuple(
        mine[order.trade_id]
        if known.get(order.trade_id) == order and order.trade_id in mine
        else order
        for order in fresh.orders
    )
    return replace(
        fresh,
        orders=orders,
        last_trade_id=max(watch.last_trade_id, fresh.last_trade_id),
        heard_at=max(filter(None, (watch.heard_at, fresh.heard_at)), default=None),
    )


def observe(
    watch: Watch, observation: MarketTrade | BookSnapshot
) -> tuple[Watch, tuple[Observation, ...]]:
    """Meet an observation; return the watch after it, and what the session is to be told.

    Mostly nothing. What is told is to be heard in this order. The watch then expects the
    session's new orders (`renewed`); until they come it goes on as if the session had heard.
    """
    if observation.symbol != watch.symbol:
        return watch, ()
    if isinstance(observation, MarketTrade):
        if observation.trade_id <= watch.last_trade_id:
            return watch, ()
        met = meet_trade(watch.orders, observation)
        wakes = any(m.filled or is_triggered(m.resting, observation) for m in met)
        after = replace(watch, last_trade_id=observation.trade_id)
    else:
        if not is_news(observation, watch.heard_at):
            return watch, ()
        met = meet_book(watch.orders, observation)
        wakes = any(m.filled or _arrives(m.resting, observation) for m in met)
        after = replace(watch, heard_at=observation.at)
    orders = tuple(m.resting for m in met if m.resting.remaining)
    if not wakes:
        return replace(after, orders=orders), ()
    told = (*_progress(watch), observation)
    return replace(after, orders=orders, told=orders), told


def _arrives(order: Resting, book: BookSnapshot) -> bool:
    return order.phase is Phase.ARRIVING and book.at > order.since


def _progress(watch: Watch) -> Iterable[QueueSeen]:
    """Return how far each queue has moved since the session was told."""
    known = {order.trade_id: order for order in watch.told}
    for order in watch.orders:
        if order.ahead is None or known.get(order.trade_id) == order:
            continue
        yield QueueSeen(
            symbol=order.symbol,
            order_id=order.trade_id,
            ahead=order.ahead,
            level_quantity=order.level_quantity,
            traded=order.traded,
            crossed=order.crossed,
        )
