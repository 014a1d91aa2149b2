"""Orders and trades as the interface writes them."""

from typing import Annotated, Literal

from pydantic import Field

from api.archive_schemas import ColdRangeAnswer
from api.schemas import AnswerModel, Moment, Number, Page, RequestModel
from domain.errors import ErrorCode, Rejected
from domain.orders import OrderIntent, OrderType, Side, TimeInForce

MAX_SIGNAL_CHARACTERS = 64


class OrderRequest(RequestModel):
    """An order; prices in the quote asset, `quantity` in the base asset."""

    symbol: str
    side: Literal["BUY", "SELL"]
    type: Literal["MARKET", "LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
    quantity: Number | None = None
    quote_quantity: Number | None = None
    price: Number | None = None
    stop_price: Number | None = None
    time_in_force: Literal["GTC", "IOC", "FOK"] | None = None
    stop_loss: Number | None = None
    take_profit: Number | None = None
    ai_signal_id: Annotated[str, Field(max_length=MAX_SIGNAL_CHARACTERS)] | None = None


class FillAnswer(AnswerModel):
    """One execution at the venue."""

    price: Number
    quantity: Number
    commission: Number
    commission_asset: str
    venue_trade_id: int
    time: Moment


class TradeAnswer(AnswerModel):
    """The record of one order's execution."""

    trade_id: str
    user_id: str
    symbol: str
    side: str
    type: str
    quantity: Number | None
    quote_quantity: Number | None
    price: Number | None
    stop_price: Number | None
    time_in_force: str | None
    executed_quantity: Number
    executed_price: Number | None
    status: str
    commission: Number
    commission_asset: str | None
    fills: list[FillAnswer]
    ai_signal_id: str | None
    failure: dict[str, str] | None
    client_order_id: str
    venue_order_id: int | None
    workflow_id: str
    timestamp: Moment
    created_at: Moment
    updated_at: Moment


class TradePage(Page[TradeAnswer]):
    """A part of the caller's trades, and what of those asked for is in cold storage."""

    cold: list[ColdRangeAnswer]


def intent_of(body: OrderRequest) -> OrderIntent:
    """Return the order that a body asks for.

    Raises:
        Rejected: `INVALID_ORDER`; it asks for protection, which is not offered yet.
    """
    unsupported = [name for name in ("stop_loss", "take_profit") if getattr(body, name) is not None]
    if unsupported:
        message = "a position's protection is not offered yet; leave it out"
        raise Rejected(
            ErrorCode.INVALID_ORDER,
            message,
            errors=[{"field": name, "message": message} for name in unsupported],
        )
    order_type = OrderType(body.type)
    in_force = TimeInForce(body.time_in_force) if body.time_in_force else None
    if in_force is None and order_type is not OrderType.MARKET:
        in_force = TimeInForce.GTC
    return OrderIntent(
        symbol=body.symbol,
        side=Side(body.side),
        type=order_type,
        quantity=body.quantity,
        quote_quantity=body.quote_quantity,
        price=body.price,
        stop_price=body.stop_price,
        time_in_force=in_force,
        ai_signal_id=body.ai_signal_id,
    )
