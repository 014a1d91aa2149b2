"""A paper trade's record in the database, and the trade of a record: nothing is lost between.

A fork and the audit of a session are made from records alone.
"""

from collections.abc import Mapping
from typing import Any

from domain.orders import Order, OrderIntent, OrderType, Side, TimeInForce
from domain.paper.state import Bracket, PaperTrade
from domain.paper.views import paper_trade_view
from domain.trade_view import trade_of_view

# What a record has beyond the view that clients are shown.
RECORD_ONLY = ("base_asset", "quote_asset", "step_size", "fingerprint", "asked_quantity")
_FILL_FIELDS = (
    "venue_trade_id",
    "price",
    "quantity",
    "commission",
    "commission_asset",
    "time",
)


def paper_trade_record(paper: PaperTrade) -> dict[str, Any]:
    """Return a trade as `paper_trades` keeps it."""
    order = paper.trade.order
    return paper_trade_view(paper) | {
        "base_asset": order.base_asset,
        "quote_asset": order.quote_asset,
        "step_size": order.step_size,
        "fingerprint": order.fingerprint,
        "asked_quantity": order.intent.quantity,
    }


def paper_trade_of_record(record: Mapping[str, Any]) -> PaperTrade:
    """Return the trade of a record: the inverse of `paper_trade_record`."""
    order, fills = _order(record), record["fills"]
    plain = [{name: fill[name] for name in _FILL_FIELDS} for fill in fills]
    prices = (record["stop_loss"], record["take_profit"])
    return PaperTrade(
        session_id=record["session_id"],
        generation=record["generation"],
        number=record["number"],
        trade=trade_of_view(order, {**record, "fills": plain}),
        reference_price=record["reference_price"],
        fills_before=record["fills_before"],
        balance_after=record["balance_after"],
        equity_after=record["equity_after"],
        realized_pnl=record["realized_pnl"],
        bracket=Bracket(*prices) if any(price is not None for price in prices) else None,
        parent_trade_id=record["parent_trade_id"],
        maker_fills=tuple(fill["venue_trade_id"] for fill in fills if fill["is_maker"]),
    )


def _order(record: Mapping[str, Any]) -> Order:
    in_force = record["time_in_force"]
    return Order(
        trade_id=record["trade_id"],
        user_id=record["user_id"],
        base_asset=record["base_asset"],
        quote_asset=record["quote_asset"],
        step_size=record["step_size"],
        fingerprint=record["fingerprint"],
        intent=OrderIntent(
            symbol=record["symbol"],
            side=Side(record["side"]),
            type=OrderType(record["type"]),
            quantity=record["asked_quantity"],
            quote_quantity=record["quote_quantity"],
            price=record["price"],
            stop_price=record["stop_price"],
            time_in_force=TimeInForce(in_force) if in_force else None,
            ai_signal_id=record["ai_signal_id"],
        ),
    )
