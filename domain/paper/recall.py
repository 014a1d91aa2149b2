"""Requests that a session has answered: the same one again changes nothing."""

from dataclasses import replace

from domain.errors import key_mismatch
from domain.orders import Order
from domain.paper.state import Bracket, Placed, Recent, SessionState

# So many requests are known by the state, some 200 KB of it: two runs of a workflow that hands
# itself over within its 2,000 updates. Older ones are found among the records of the trades.
RECENT_KEYS = 2_000
_PRINT_CHARACTERS = 32


def print_of(order: Order, bracket: Bracket | None) -> str:
    """Return what tells two requests under one key apart."""
    short = order.fingerprint[:_PRINT_CHARACTERS]
    if bracket is None:
        return short
    prices = (bracket.stop_loss, bracket.take_profit)
    plain = ("" if price is None else f"{price.normalize():f}" for price in prices)
    return ":".join((short, *plain))


def remembered(state: SessionState, trade_id: str, recent: Recent) -> SessionState:
    """Return the state with a request known, and the oldest forgotten beyond the bound."""
    known = {**state.recent, trade_id: recent}
    while len(known) > RECENT_KEYS:
        del known[next(iter(known))]
    return replace(state, recent=known)


def replayed(state: SessionState, order: Order, bracket: Bracket | None = None) -> Placed | None:
    """Return what a request was answered before; None for one that the state does not know.

    Raises:
        Rejected: `IDEMPOTENCY_MISMATCH`, another order was asked for under its key.
    """
    known, trade = state.recent.get(order.trade_id), state.open_trades.get(order.trade_id)
    if known is None and trade is None:
        return None
    if known is None and trade is not None:  # it has been open for longer than keys are kept
        known = Recent(print_of(trade.trade.order, trade.bracket))
    if known is None or known.fingerprint != print_of(order, bracket):
        raise key_mismatch()
    last = state.last_trade
    if trade is None and last is not None and last.trade_id == order.trade_id:
        trade = last
    return Placed(order.trade_id, trade=trade, denial=known.denial, is_replay=True)
