"""Orders whose workflow never started: the process died between reservation and start."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog
from temporalio import activity

from activities.failures import as_failures
from activities.placement import OrderPlacement
from domain.account import OpenOrder
from domain.errors import BotCoreError, ErrorCode, HaltTrading, Rejected
from domain.timing import ORPHAN_AGE_S
from domain.trades import Failure, Trade
from domain.trading_ports import Clock

# A sweep is brief and rare; what it leaves is found by the next one.
MAX_AT_ONCE = 8

_INTERRUPTED = Failure(
    ErrorCode.SERVICE_UNAVAILABLE, "the order was interrupted before it reached the venue"
)

_log = structlog.get_logger(__name__)


class UnconfirmedOrders(Protocol):
    """Finds orders, over all accounts, that the venue has not confirmed."""

    async def unconfirmed(self, before: datetime) -> list[OpenOrder]:
        """Return those made before this, oldest first.

        Raises:
            Retryable: The store could not be reached.
        """


class Adoption(Protocol):
    """Whether a trade has a workflow, and giving it one."""

    async def is_running(self, trade_id: str) -> bool:
        """Tell whether a workflow is at work on the trade.

        Raises:
            Retryable: It cannot be said now.
        """

    async def adopt(self, trade: Trade) -> bool:
        """Start a workflow that goes on from this state; False where there was one already.

        Raises:
            Retryable: The workflow service could not be reached.
        """


class Fate(StrEnum):
    """What became of an order that a sweep looked at."""

    RUNNING = "running"
    RELEASED = "released"
    ADOPTED = "adopted"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did, for the operators: numbers of orders."""

    running: int = 0
    released: int = 0
    adopted: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class OrphanActivities:
    """Finds out what the venue knows of each orphan, and gives it a workflow that ends it.

    The workflow is started in either case, and only its start decides: it has the id that
    the order's own would have, so that a process that was merely slow to start it finds it
    taken and sends nothing, and what follows a trade is retried as for any other.
    """

    orders: UnconfirmedOrders
    placement: OrderPlacement
    desk: Adoption
    clock: Clock

    @activity.defn(name="sweep_orphans")
    async def sweep(self) -> Swept:
        """Look after every order that has waited too long for its workflow."""
        with as_failures():
            before = self.clock() - timedelta(seconds=ORPHAN_AGE_S)
            found = await self.orders.unconfirmed(before)
        gate = asyncio.Semaphore(MAX_AT_ONCE)
        fates = await asyncio.gather(*(self._look_after(each, gate) for each in found))
        return Swept(**{str(fate): fates.count(fate) for fate in Fate})

    async def _look_after(self, open_order: OpenOrder, gate: asyncio.Semaphore) -> Fate:
        order = open_order.order
        log = _log.bind(trade_id=order.trade_id, user_id=order.user_id)
        try:
            async with gate:
                if await self.desk.is_running(order.trade_id):
                    return Fate.RUNNING
                trade = (await self.placement.conclude(order, _INTERRUPTED)).trade
                is_adopted = trade is not None and await self.desk.adopt(trade)
        except (Rejected, HaltTrading) as error:
            log.error("orphan.needs_a_person", detail=error.detail)  # noqa: TRY400 - told, not unexpected
            return Fate.LEFT
        except BotCoreError as error:
            # Nothing is concluded from silence; the next sweep asks again.
            log.warning("orphan.left", detail=error.detail)
            return Fate.LEFT
        if trade is None or not is_adopted:
            log.warning("orphan.has_a_workflow")
            return Fate.LEFT
        log.warning("orphan.found", status=str(trade.status))
        return Fate.RELEASED if trade.is_terminal else Fate.ADOPTED
