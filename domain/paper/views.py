"""Paper trading as clients and the database see it: the shapes of the interface.

Prices, quantities and ratios stay Decimal; times are datetimes.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from domain.paper.execution import slippage_bps
from domain.paper.queueing import Phase
from domain.paper.state import PaperTrade, SessionState, equity_of
from domain.paper.statistics import EquityPoint, Statistics, curve, statistics
from domain.positions import Position, unrealized_pnl
from domain.precision import nearest_unit
from domain.trade_view import position_view, trade_view


def session_workflow_id(session_id: str) -> str:
    """Return the workflow's id of a session."""
    return f"paper-{session_id}"


def paper_trade_view(paper: PaperTrade) -> dict[str, Any]:
    """Return a paper trade: what a real one has, and what only a simulation can tell.

    `slippage_bps` is how much worse than `reference_price` (the best price it could take when
    it was decided) the order was executed; null without a fill.
    """
    trade, intent = paper.trade, paper.trade.order.intent
    executed, reference = trade.executed_price, paper.reference_price
    slipped = (
        slippage_bps(intent.side, executed, reference)
        if executed is not None and reference
        else None
    )
    view = trade_view(trade)
    makers = set(paper.maker_fills)
    for fill in view["fills"]:
        fill["is_maker"] = fill["venue_trade_id"] in makers
    return view | {
        "session_id": paper.session_id,
        "workflow_id": session_workflow_id(paper.session_id),
        "number": paper.number,
        "generation": paper.generation,
        "reference_price": reference,
        "slippage_bps": slipped,
        "realized_pnl": paper.realized_pnl,
        "balance_after": paper.balance_after,
        "equity_after": paper.equity_after,
        "stop_loss": paper.bracket.stop_loss if paper.bracket else None,
        "take_profit": paper.bracket.take_profit if paper.bracket else None,
        "parent_trade_id": paper.parent_trade_id,
        "fills_before": paper.fills_before,
    }


def session_view(state: SessionState) -> dict[str, Any]:
    """Return a session as lists and `start` show it."""
    settings = state.settings
    return {
        "session_id": state.session_id,
        "user_id": state.user_id,
        "name": state.name,
        "status": str(state.status),
        "status_reason": state.status_reason or None,
        "workflow_id": session_workflow_id(state.session_id),
        "initial_balance": settings.initial_balance,
        "quote_asset": settings.quote_asset,
        "taker_fee_bps": settings.taker_fee_bps,
        "maker_fee_bps": settings.maker_fee_bps,
        "slippage_bps": settings.slippage_bps,
        "latency_ms": settings.latency_ms,
        "seed": settings.seed,
        "generation": state.generation,
        "forked_from": state.forked_from,
        "created_at": state.created_at,
        "updated_at": state.updated_at,
    }


def portfolio_view(
    state: SessionState, marks: Mapping[str, Decimal] | None = None
) -> dict[str, Any]:
    """Return a session with everything it holds.

    Args:
        state: The session.
        marks: Live values of assets in the session's quote asset; where one is missing, the
            last that the session heard counts. Without any, what depends on it is null.
    """
    known = {**state.marks, **(marks or {})}
    positions = [_position(state, position, known) for position in state.account.open_positions]
    return session_view(state) | {
        "balances": [
            {
                "asset": asset,
                "free": balance.free,
                "locked": balance.locked,
                "total": balance.total,
            }
            for asset, balance in sorted(state.account.balances.items())
        ],
        "equity": equity_of(state, known),
        "unrealized_pnl": _unrealized(state, known),
        "realized_pnl": state.realized_pnl,
        "max_drawdown": state.max_drawdown,
        "trade_count": state.trade_count,
        "positions": positions,
        "open_orders": [open_order_view(state, trade_id) for trade_id in state.open_trades],
    }


def _mark_price(
    state: SessionState, position: Position, marks: Mapping[str, Decimal]
) -> Decimal | None:
    """Return the price of a position's base asset in its own quote asset."""
    market = state.markets.get(position.symbol)
    worth = marks.get(market.rules.base_asset) if market else None
    if market is None or worth is None or not market.rate:
        return None
    return nearest_unit(worth / market.rate)


def _position(
    state: SessionState, position: Position, marks: Mapping[str, Decimal]
) -> dict[str, Any]:
    view = position_view(position, _mark_price(state, position, marks))
    for order in state.orders_of(position.symbol):
        paper = state.open_trades[order.trade_id]
        if paper.parent_trade_id is not None:
            name = "stop_loss" if order.stop_price is not None else "take_profit"
            view[name] = order.stop_price if order.stop_price is not None else order.price
    return view | {"session_id": state.session_id}


def _unrealized(state: SessionState, marks: Mapping[str, Decimal]) -> Decimal | None:
    total = Decimal(0)
    for position in state.account.open_positions:
        price, market = _mark_price(state, position, marks), state.markets.get(position.symbol)
        if price is None or market is None:
            return None
        total += unrealized_pnl(position, price) * market.rate
    return nearest_unit(total)


def open_order_view(state: SessionState, trade_id: str) -> dict[str, Any]:
    """Return an open order, with its place in the queue where it has one."""
    order = state.resting.get(trade_id)
    is_resting = order is not None and order.phase is Phase.RESTING
    return paper_trade_view(state.open_trades[trade_id]) | {
        "phase": str(order.phase) if order is not None else None,
        "queue_ahead": order.ahead if order is not None and is_resting else None,
    }


def equity_view(
    session_id: str, points: Sequence[EquityPoint], trades: Sequence[PaperTrade]
) -> dict[str, Any]:
    """Return the equity curve and the session's results."""
    found: Statistics = statistics(points, trades)
    return {
        "session_id": session_id,
        "points": [
            {"timestamp": point.at, "equity": point.equity, "drawdown": point.drawdown}
            for point in curve(points)
        ],
    } | {name: getattr(found, name) for name in Statistics.__slots__}
