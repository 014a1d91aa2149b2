"""The trade: the record of one order's execution, and how the venue's word changes it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.errors import ErrorCode, HaltTrading
from domain.order_status import TERMINAL, OrderStatus, move
from domain.orders import Order
from domain.precision import cut_to_unit

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

    @property
    def cost(self) -> Decimal:
        """What it moved in the quote asset, cut to whole units as the venue cuts it."""
        return cut_to_unit(self.price * self.quantity)


@dataclass(frozen=True, slots=True)
class Execution:
    """The venue's word on an order: its state and every fill that is known of it.

    `executed_quantity` is what the venue says was executed in all, in the base asset, where
    it says so: the venue knows of fills sooner than it lists them.
    """

    venue_order_id: int
    status: OrderStatus
    fills: tuple[Fill, ...]
    updated_at: datetime
    executed_quantity: Decimal | None = None


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
    are joined by their venue id, and a word never leads back. An end is believed only once
    every fill before it is known, because nothing can be added to a trade after its end.

    Raises:
        HaltTrading: The venue contradicts what it said before.
    """
    fills = _joined(trade, execution)
    _check_same_order(trade, execution, fills)
    status = move(trade.status, _heard(trade, execution, fills))
    after = replace(trade, status=status, fills=fills, venue_order_id=execution.venue_order_id)
    if after == trade:
        return trade
    return replace(after, updated_at=max(trade.updated_at, execution.updated_at))


def _joined(trade: Trade, execution: Execution) -> tuple[Fill, ...]:
    known = {fill.venue_trade_id: fill for fill in trade.fills}
    for fill in execution.fills:
        same = known.setdefault(fill.venue_trade_id, fill)
        if (same.price, same.quantity) != (fill.price, fill.quantity):
            raise _contradiction(trade, f"fill {fill.venue_trade_id} has changed")
    return tuple(sorted(known.values(), key=lambda fill: fill.venue_trade_id))


def _check_same_order(trade: Trade, execution: Execution, fills: tuple[Fill, ...]) -> None:
    if trade.venue_order_id is None:
        # We concluded that the venue never had it, and its reservation is gone.
        if trade.status is OrderStatus.REJECTED and execution.status is not OrderStatus.REJECTED:
            raise _contradiction(trade, "the venue has an order that was proven absent")
    elif trade.venue_order_id != execution.venue_order_id:
        raise _contradiction(trade, f"the venue has it twice, as {execution.venue_order_id} too")
    if trade.is_terminal and len(fills) > len(trade.fills):
        raise _contradiction(trade, "it was filled after its end")


def _heard(trade: Trade, execution: Execution, fills: tuple[Fill, ...]) -> OrderStatus:
    """Return the status that a word means, together with what is known already."""
    said, filled = execution.status, sum((fill.quantity for fill in fills), Decimal(0))
    asked = trade.order.intent.quantity
    total = execution.executed_quantity
    if total is None and said is OrderStatus.FILLED:
        total = asked
    if said in TERMINAL and (trade.is_terminal or total is None or filled >= total):
        return said
    if trade.is_terminal:
        return trade.status
    if asked is not None and filled >= asked:
        return OrderStatus.FILLED
    if fills or OrderStatus.PARTIALLY_FILLED in {trade.status, said}:
        return OrderStatus.PARTIALLY_FILLED
    return OrderStatus.NEW if said in TERMINAL else said


def _contradiction(trade: Trade, detail: str) -> HaltTrading:
    return HaltTrading(
        ErrorCode.SERVICE_UNAVAILABLE,
        f"the venue contradicts itself about trade {trade.order.trade_id}: {detail}",
    )


def hear(trade: Trade, report: ExecutionReport) -> Trade | None:
    """Return the trade after a message of the stream; None where messages are missing.

    Raises:
        HaltTrading: The venue contradicts what it said before.
    """
    fills = (report.fill,) if report.fill is not None else ()
    after = advance(
        trade,
        Execution(
            report.venue_order_id,
            report.status,
            fills,
            report.updated_at,
            report.executed_quantity,
        ),
    )
    return after if after.executed_quantity >= report.executed_quantity else None


def fail(trade: Trade, failure: Failure, at: datetime) -> Trade:
    """Return the trade as rejected: the venue has, provably, no such order.

    Raises:
        HaltTrading: The venue has said before that it has the order.
    """
    if trade.venue_order_id is not None:
        raise _contradiction(trade, "it has lost an order that it had")
    status = move(trade.status, OrderStatus.REJECTED)
    return replace(trade, status=status, failure=failure, updated_at=at)


def lose_sight(trade: Trade, at: datetime) -> Trade:
    """Return the trade with an unknown outcome: the venue could not be asked in time.

    Raises:
        HaltTrading: The outcome is known already.
    """
    return replace(trade, status=move(trade.status, OrderStatus.UNKNOWN), updated_at=at)
