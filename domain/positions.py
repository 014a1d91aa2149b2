"""Positions: the net holding of a symbol with its average entry, changed by fills only.

Spot markets know no short: a sale beyond the position sells what was held before.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.errors import ErrorCode, HaltTrading
from domain.orders import Order, Side
from domain.precision import nearest_unit
from domain.trades import Fill

_POSITION_NAMESPACE = uuid.UUID("0b0d7c55-7e0e-5a26-8a2f-1f6c1d2b9a10")
_PRICE_PRECISION = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Position:
    """A holding: `quantity` in the base asset, prices and PnL in the quote asset.

    `entry_price` is the average over its purchases with fees that were taken in the base
    asset included (they bought nothing). `realized_pnl` is net of fees taken in the quote
    asset.
    """

    position_id: str
    user_id: str
    symbol: str
    quote_asset: str
    quantity: Decimal
    entry_price: Decimal
    realized_pnl: Decimal
    opened_at: datetime
    closed_at: datetime | None = None
    close_reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is held."""
        return self.closed_at is None

    @property
    def cost(self) -> Decimal:
        """What the holding cost, in the quote asset."""
        return self.quantity * self.entry_price


def position_after(
    position: Position | None, order: Order, fill: Fill
) -> tuple[Position | None, Decimal]:
    """Return the position after a fill, and the PnL that the fill realised (quote asset).

    What is left of a position and smaller than the symbol's step cannot be sold: it counts
    as flat.

    Raises:
        HaltTrading: The fill is of another symbol than the position.
    """
    if position is not None and position.symbol != order.intent.symbol:
        raise HaltTrading(
            ErrorCode.SERVICE_UNAVAILABLE,
            f"a fill of {order.intent.symbol} cannot change a position of {position.symbol}",
        )
    if position is not None and not position.is_open:
        position = None
    if order.intent.side is Side.BUY:
        return _bought(position, order, fill), Decimal(0)
    if position is None:
        return None, Decimal(0)
    return _sold(position, order, fill)


def _bought(position: Position | None, order: Order, fill: Fill) -> Position | None:
    received = fill.quantity
    if fill.commission_asset == order.base_asset:
        received = max(received - fill.commission, Decimal(0))
    cost = fill.cost
    if fill.commission_asset == order.quote_asset:
        cost += fill.commission
    if position is None:
        if not received:
            return None
        name = f"{order.trade_id}\x00{fill.venue_trade_id}"
        return Position(
            position_id=str(uuid.uuid5(_POSITION_NAMESPACE, name)),
            user_id=order.user_id,
            symbol=order.intent.symbol,
            quote_asset=order.quote_asset,
            quantity=received,
            entry_price=_average(cost, received),
            realized_pnl=Decimal(0),
            opened_at=fill.time,
        )
    quantity = position.quantity + received
    return replace(
        position, quantity=quantity, entry_price=_average(position.cost + cost, quantity)
    )


def _sold(position: Position, order: Order, fill: Fill) -> tuple[Position, Decimal]:
    sold = min(fill.quantity, position.quantity)
    pnl = nearest_unit((fill.price - position.entry_price) * sold)
    if fill.commission_asset == order.quote_asset:
        pnl -= fill.commission
    left = position.quantity - sold
    is_flat = left < order.step_size or left == 0
    after = replace(
        position,
        quantity=Decimal(0) if is_flat else left,
        realized_pnl=position.realized_pnl + pnl,
        closed_at=fill.time if is_flat else None,
        close_reason="sold" if is_flat else None,
    )
    return after, pnl


def _average(cost: Decimal, quantity: Decimal) -> Decimal:
    return (cost / quantity).quantize(_PRICE_PRECISION) if quantity else Decimal(0)


def unrealized_pnl(position: Position, mark_price: Decimal) -> Decimal:
    """Return what closing at `mark_price` would realise before fees, in the quote asset."""
    return nearest_unit((mark_price - position.entry_price) * position.quantity)
