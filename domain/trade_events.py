"""What other services and the user hear of a trade."""

import uuid
from datetime import datetime
from typing import Any

from domain.account import Account
from domain.errors import ErrorCode
from domain.events import (
    RISK_LIMIT_EXCEEDED,
    TRADE_CANCELED,
    TRADE_EXECUTED,
    TRADE_FAILED,
    DomainEvent,
)
from domain.order_status import OrderStatus
from domain.orders import Order
from domain.risk import Denial
from domain.trade_view import trade_view
from domain.trades import Trade

_EVENT_NAMESPACE = uuid.UUID("d3c6f3a2-3f43-5f0e-9d55-0a7b6c1f8e77")


def message_id(trade_id: str, routing_key: str) -> str:
    """Return the id of a trade's event: one trade has one event of a kind."""
    return str(uuid.uuid5(_EVENT_NAMESPACE, f"{trade_id}\x00{routing_key}"))


def event_of(trade: Trade) -> DomainEvent | None:
    """Return what is published of a trade in this state; nothing before its end."""
    if not trade.is_terminal:
        return None
    view = trade_view(trade)
    order_price = view["executed_price"] or view["price"]
    data = {
        "trade_id": view["trade_id"],
        "user_id": view["user_id"],
        "symbol": view["symbol"],
        "side": view["side"],
        "type": view["type"],
        "status": view["status"],
        "quantity": view["executed_quantity"] if trade.fills else view["quantity"],
        "price": order_price,
        "executed_quantity": view["executed_quantity"],
        "executed_price": view["executed_price"],
        "commission": view["commission"],
        "commission_asset": view["commission_asset"],
        "venue_order_id": view["venue_order_id"],
    }
    key = _routing_key(trade)
    if key == TRADE_FAILED:
        failure = trade.failure
        data["code"] = str(failure.code) if failure else str(trade.status)
        data["reason"] = failure.detail if failure else f"the order is {trade.status} unfilled"
    return DomainEvent(key, message_id(trade.order.trade_id, key), data, trade.updated_at)


def _routing_key(trade: Trade) -> str:
    if trade.status is OrderStatus.CANCELED:
        return TRADE_CANCELED
    return TRADE_EXECUTED if trade.fills else TRADE_FAILED


def denial_event(order: Order, denial: Denial, at: datetime) -> DomainEvent:
    """Return what is published of an order that was not allowed to leave."""
    is_limit = denial.code is ErrorCode.RISK_LIMIT_EXCEEDED
    key = RISK_LIMIT_EXCEEDED if is_limit else TRADE_FAILED
    data: dict[str, Any] = {
        "user_id": order.user_id,
        "trade_id": order.trade_id,
        "symbol": order.intent.symbol,
        "side": str(order.intent.side),
        "quantity": order.intent.quantity,
        "price": order.intent.price,
        "limit_type": str(denial.limit_type),
        "current_value": denial.current_value,
        "limit_value": denial.limit_value,
        "code": str(denial.code),
        "reason": denial.detail,
    }
    return DomainEvent(key, message_id(order.trade_id, key), data, at)


def order_frame(trade: Trade) -> tuple[str, dict[str, Any]]:
    """Return the id and the data of the `order_update` of a trade in this state."""
    event_id = f"order:{trade.order.trade_id}:{trade.status}:{len(trade.fills)}"
    return event_id, {"order_id": trade.order.trade_id, **trade_view(trade)}


def account_view(account: Account) -> dict[str, Any]:
    """Return the part of an account that needs no prices."""
    return {
        "balances": [
            {"asset": asset, "free": held.free, "locked": held.locked, "total": held.total}
            for asset, held in sorted(account.balances.items())
            if held.total or held.locked
        ],
        "realized_pnl_today": account.day.realized_pnl,
        "open_positions": len(account.open_positions),
        "trading_state": str(account.trading_state),
    }
