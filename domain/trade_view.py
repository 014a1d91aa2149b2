"""Trades and positions as clients, consumers and the database see them: one shape each."""

from decimal import Decimal
from typing import Any

from domain.errors import ErrorCode
from domain.order_status import OrderStatus
from domain.orders import Order
from domain.positions import Position, unrealized_pnl
from domain.trades import Failure, Fill, Trade


def trade_view(trade: Trade) -> dict[str, Any]:
    """Return the trade record of the interface; prices and quantities stay Decimal."""
    order, intent = trade.order, trade.order.intent
    return {
        "trade_id": order.trade_id,
        "user_id": order.user_id,
        "symbol": intent.symbol,
        "side": str(intent.side),
        "type": str(intent.type),
        "quantity": _quantity(trade),
        "quote_quantity": intent.quote_quantity,
        "price": intent.price,
        "stop_price": intent.stop_price,
        "time_in_force": str(intent.time_in_force) if intent.time_in_force else None,
        "executed_quantity": trade.executed_quantity,
        "executed_price": trade.executed_price,
        "status": str(trade.status),
        "commission": trade.commission,
        "commission_asset": trade.commission_asset,
        "fills": [
            {
                "price": fill.price,
                "quantity": fill.quantity,
                "commission": fill.commission,
                "commission_asset": fill.commission_asset,
                "venue_trade_id": fill.venue_trade_id,
                "time": fill.time,
            }
            for fill in trade.fills
        ],
        "ai_signal_id": intent.ai_signal_id,
        "failure": {"code": str(trade.failure.code), "detail": trade.failure.detail}
        if trade.failure
        else None,
        "client_order_id": order.client_order_id,
        "venue_order_id": trade.venue_order_id,
        "workflow_id": order.workflow_id,
        "timestamp": trade.fills[-1].time if trade.fills else trade.updated_at,
        "created_at": trade.created_at,
        "updated_at": trade.updated_at,
    }


def trade_of_view(order: Order, view: dict[str, Any]) -> Trade:
    """Return the trade of a record: the inverse of `trade_view` for a known order."""
    failure = view["failure"]
    return Trade(
        order=order,
        status=OrderStatus(view["status"]),
        created_at=view["created_at"],
        updated_at=view["updated_at"],
        venue_order_id=view["venue_order_id"],
        fills=tuple(Fill(**fill) for fill in view["fills"]),
        failure=Failure(ErrorCode(failure["code"]), failure["detail"]) if failure else None,
    )


def _quantity(trade: Trade) -> Decimal | None:
    """An order in the quote asset has the quantity that it turned out to buy or sell."""
    asked = trade.order.intent.quantity
    return asked if asked is not None else (trade.executed_quantity or None)


def position_view(position: Position, mark_price: Decimal | None = None) -> dict[str, Any]:
    """Return a position of the interface; without a live price the marks are null."""
    pnl = unrealized_pnl(position, mark_price) if mark_price is not None else None
    return {
        "position_id": position.position_id,
        "user_id": position.user_id,
        "symbol": position.symbol,
        "quote_asset": position.quote_asset,
        "side": "LONG",
        "quantity": position.quantity,
        "entry_price": position.entry_price,
        "mark_price": mark_price,
        "unrealized_pnl": pnl,
        "realized_pnl": position.realized_pnl,
        "stop_loss": None,
        "take_profit": None,
        "opened_at": position.opened_at,
        "closed_at": position.closed_at,
        "close_reason": position.close_reason,
    }


def position_of_view(view: dict[str, Any]) -> Position:
    """Return the position of a record: the inverse of `position_view`."""
    return Position(**{name: view[name] for name in Position.__slots__})
