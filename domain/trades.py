"""The trade: the record of one order's execution, and how the venue's word changes it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.errors import ErrorCode
from domain.order_status import TERMINAL, OrderStatus, move
from domain.orders import Order

# More digits than any venue's price has; an average price is cut here, not money.
_PRICE_PRECISION = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution at the venue: price in the quote asset, quantity in the base asset."""

    venue_trade_id: int
    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Execution:
    """The venue's word on an order: its state and every fill that is known of it."""

    venue_order_id: int
    status: OrderStatus
    fills: tuple[Fill, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One message of the user-data stream: at most one new fill, and the sum of all.

    `executed_quantity` is the venue's count in the base asset, `fill` included.
    """

    venue_order_id: int
    status: OrderStatus
    fill: Fill | None
    executed_quantity: Decimal
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trade failed, as its user is told."""

    code: ErrorCode
    detail: str


@dataclass(frozen=True, slots=True)
class Trade:
    """An order and what became of it."""

    order: Order
    status: OrderStatus
    created_at: datetime
    updated_at: datetime
    venue_order_id: int | None = None
    fills: tuple[Fill, ...] = ()
    failure: Failure | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in TERMINAL

    @property
    def executed_quantity(self) -> Decimal:
        """The sum of its fills, in the base asset."""
        return sum((fill.quantity for fill in self.fills), Decimal(0))

    @property
    def executed_price(self) -> Decimal | None:
        """The average price over its fills, or None before the first."""
        quantity = self.executed_quantity
        if not quantity:
            return None
        cost = sum((fill.price * fill.quantity for fill in self.fills), Decimal(0))
        return (cost / quantity).quantize(_PRICE_PRECISION).normalize()

    @property
    def commission_asset(self) -> str | None:
        """The asset that fees were taken in: of the first fill, where they differ."""
        return self.fills[0].commission_asset if self.fills else None

    @property
    def commission(self) -> Decimal:
        """The fees paid in `commission_asset`."""
        asset = self.commission_asset
        return sum((f.commission for f in self.fills if f.commission_asset == asset), Decimal(0))


def submitting(order: Order, at: datetime) -> Trade:
    """Return the trade of an order that is on its way."""
    return Trade(order=order, status=OrderStatus.SUBMITTING, created_at=at, updated_at=at)


def advance(trade: Trade, execution: Execution) -> Trade:
    """Return the trade after the venue's word; an old word changes nothing.

    Words arrive twice and out of order (the answer, the stream, the reconciliation): fills
    are joined by their venue id, and a word that knows of fewer fills than we do moves no
    status.

    Raises:
        HaltTrading: The venue contradicts what it said before.
    """
    known = {fill.venue_trade_id: fill for fill in trade.fills}
    fresh = [fill for fill in execution.fills if fill.venue_trade_id not in known]
    fills = tuple(sorted([*trade.fills, *fresh], key=lambda fill: fill.venue_trade_id))
    is_old = len(execution.fills) < len(fills) and execution.status not in TERMINAL
    is_late = trade.is_terminal and execution.status not in TERMINAL
    status = trade.status if is_old or is_late else move(trade.status, execution.status)
    if status == trade.status and not fresh and trade.venue_order_id is not None:
        return trade
    return replace(
        trade,
        status=status,
        fills=fills,
        venue_order_id=execution.venue_order_id,
        updated_at=max(trade.updated_at, execution.updated_at),
    )


def hear(trade: Trade, report: ExecutionReport) -> Trade | None:
    """Return the trade after a message of the stream; None where messages are missing.

    Raises:
        HaltTrading: The venue contradicts what it said before.
    """
    fills = trade.fills
    if report.fill and report.fill.venue_trade_id not in {f.venue_trade_id for f in fills}:
        fills = (*fills, report.fill)
    known = sum((fill.quantity for fill in fills), Decimal(0))
    if known < report.executed_quantity:
        return None
    return (
        advance(trade, Execution(report.venue_order_id, report.status, fills, report.updated_at))
        if known == report.executed_quantity
        else trade
    )


def fail(trade: Trade, failure: Failure, at: datetime) -> Trade:
    """Return the trade as rejected: the venue has, provably, no such order."""
    status = move(trade.status, OrderStatus.REJECTED)
    return replace(trade, status=status, failure=failure, updated_at=at)


def lose_sight(trade: Trade, at: datetime) -> Trade:
    """Return the trade with an unknown outcome: the venue could not be asked in time."""
    return replace(trade, status=move(trade.status, OrderStatus.UNKNOWN), updated_at=at)
