"""A new session from another one's records: its state after a given trade."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.account import Balance
from domain.errors import ErrorCode, Rejected
from domain.paper.book import ZERO
from domain.paper.ledger import recomputed
from domain.paper.state import Flow, PaperTrade, SessionState, equity_of, opened
from domain.positions import Position, position_after
from domain.precision import nearest_unit


def fork_after(
    origin: SessionState,
    trades: Iterable[PaperTrade],
    number: int,
    session_id: str,
    at: datetime,
) -> SessionState:
    """Return a new session with what the origin held after one of its trades.

    The order of that number counts, and every fill up to its last one; later fills do not. What
    was open then is not open here: nothing is locked. The day's loss and the seed begin anew.

    Args:
        origin: The session that is forked, whatever its status.
        trades: The latest record of each of its trades.
        number: `PaperTrade.number` of the trade to fork after; 0 for the origin's beginning.
        session_id: Of the new session.
        at: Now.

    Raises:
        Rejected: `NOT_FOUND`, the origin has no such trade in its generation (`as_begun`).
    """
    ours = [paper for paper in trades if paper.generation == origin.generation]
    last_fill = _last_fill(ours, number)
    before = [_until(paper, last_fill) for paper in ours]
    deposits = {asset: flow.deposited for asset, flow in origin.flows.items()}
    held = {asset: value for asset, value in recomputed(deposits, before).items() if value}
    positions, realized = _replayed(origin, before)
    fresh = opened(session_id, origin.user_id, origin.settings, at, origin.name)
    balances = {asset: Balance(free=value) for asset, value in held.items()}
    fork = replace(
        fresh,
        account=replace(fresh.account, balances=balances, positions=positions),
        opening_positions=positions,
        flows={asset: Flow(deposited=value) for asset, value in held.items()},
        markets={
            symbol: replace(market, sequence=-1, taken=())
            for symbol, market in origin.markets.items()
        },
        marks=origin.marks,
        realized_pnl=realized,
        opening_realized_pnl=realized,
        forked_from=f"{origin.session_id}#{number}",
    )
    return replace(fork, peak_equity=equity_of(fork) or ZERO)


def as_begun(origin: SessionState, generation: int) -> SessionState:
    """Return the origin with what a generation of it began with, to be forked from there.

    After a reset that is the initial balance; what a fork began with is kept until its first
    reset.

    Raises:
        Rejected: `NOT_FOUND`, it is not known any more.
    """
    if generation == origin.generation:
        return origin
    if generation == 1 and origin.forked_from is not None:
        detail = "what a fork began with is not known any more after its reset"
        raise Rejected(ErrorCode.NOT_FOUND, detail)
    settings = origin.settings
    return replace(
        origin,
        generation=generation,
        flows={settings.quote_asset: Flow(deposited=settings.initial_balance)},
        opening_positions={},
        opening_realized_pnl=ZERO,
    )


def _last_fill(trades: list[PaperTrade], number: int) -> int:
    if number == 0:
        return 0
    for paper in trades:
        if paper.number == number:
            fills = [fill.venue_trade_id for fill in paper.trade.fills]
            return max([paper.fills_before, *fills])
    raise Rejected(ErrorCode.NOT_FOUND, "the session has no such trade since it began")


def _until(paper: PaperTrade, last_fill: int) -> PaperTrade:
    fills = tuple(fill for fill in paper.trade.fills if fill.venue_trade_id <= last_fill)
    return replace(paper, trade=replace(paper.trade, fills=fills))


def _replayed(
    origin: SessionState, trades: list[PaperTrade]
) -> tuple[dict[str, Position], Decimal]:
    """Return the positions after the fills of the trades, and what they realised in all."""
    pairs = [(fill, paper.trade.order) for paper in trades for fill in paper.trade.fills]
    positions, realized = dict(origin.opening_positions), origin.opening_realized_pnl
    for fill, order in sorted(pairs, key=lambda pair: pair[0].venue_trade_id):
        symbol = order.intent.symbol
        position, pnl = position_after(positions.get(symbol), order, fill)
        realized += nearest_unit(pnl * origin.markets[symbol].rate)
        if position is not None:
            positions[symbol] = position
    return positions, realized
