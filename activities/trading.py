"""The activities of a trade, as Temporal sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from activities.failures import as_failures
from activities.placement import OrderPlacement
from activities.settlement import Settlement, Step
from domain.orders import Order
from domain.placement import Placement
from domain.risk import Denial
from domain.trades import Execution, Failure, Trade
from domain.trading_ports import Venue


@dataclass(frozen=True, slots=True)
class TradingActivities:
    """One method a step; what each does and raises stands where it is implemented."""

    placement: OrderPlacement
    settlement: Settlement
    venue: Venue

    @activity.defn(name="place_order")
    async def place_order(self, order: Order) -> Placement:
        """Make one attempt at placing an order."""
        with as_failures():
            return await self.placement.place(order)

    @activity.defn(name="conclude_order")
    async def conclude_order(self, order: Order, failure: Failure) -> Placement:
        """Find out what became of an order after the last attempt; send nothing."""
        with as_failures():
            return await self.placement.conclude(order, failure)

    @activity.defn(name="settle_trade")
    async def settle_trade(self, trade: Trade) -> list[Step]:
        """Record, publish and push; return what is still to be done."""
        with as_failures():
            return await self.settlement.settle(trade)

    @activity.defn(name="record_trade")
    async def record_trade(self, trade: Trade) -> None:
        """Put the fills on the account and write the record."""
        with as_failures():
            await self.settlement.record(trade)

    @activity.defn(name="publish_trade")
    async def publish_trade(self, trade: Trade) -> None:
        """Publish the trade's event."""
        with as_failures():
            await self.settlement.publish(trade)

    @activity.defn(name="push_trade")
    async def push_trade(self, trade: Trade) -> None:
        """Tell the user's sockets."""
        with as_failures():
            await self.settlement.push(trade)

    @activity.defn(name="publish_denial")
    async def publish_denial(self, order: Order, denial: Denial) -> None:
        """Publish that an order was not allowed to leave."""
        with as_failures():
            await self.settlement.publish_denial(order, denial)

    @activity.defn(name="find_order")
    async def find_order(self, order: Order) -> Execution | None:
        """Ask the venue how an order stands."""
        with as_failures():
            return await self.venue.find(order)

    @activity.defn(name="cancel_order")
    async def cancel_order(self, order: Order) -> None:
        """Cancel an order at the venue."""
        with as_failures():
            await self.venue.cancel(order)

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [
            self.place_order,
            self.conclude_order,
            self.settle_trade,
            self.record_trade,
            self.publish_trade,
            self.push_trade,
            self.publish_denial,
            self.find_order,
            self.cancel_order,
        ]
