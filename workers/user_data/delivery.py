"""Hands reports to workflows, in order for each trade, and has them ask after a gap."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

from adapters.mongo_open_orders import MongoOpenOrders
from domain.errors import Retryable
from domain.orders import trade_id_from_client_order_id
from domain.trades import ExecutionReport
from workers.user_data.signals import TradeSignals

# Signals under way at once; the reports of one trade share a lane, so that their order stays.
LANES = 8
# What waits while Temporal is away; beyond it reports are dropped and the venue is asked.
MAX_WAITING_A_LANE = 2_000
# A look-up costs the venue's weight 4 of 6,000 a minute, and 20 more where there are fills:
# what everybody's orders cost after a break of the stream must leave room for trading.
CHECK_SPACING_S = 0.05
RETRY_MIN_S = 0.2
RETRY_MAX_S = 5.0

_T = TypeVar("_T")

_log = structlog.get_logger(__name__)


class Delivery:
    """Tells workflows what the streams say, however long Temporal or MongoDB are away."""

    def __init__(self, signals: TradeSignals, orders: MongoOpenOrders) -> None:
        self._signals = signals
        self._orders = orders
        self._lanes: list[asyncio.Queue[tuple[str, str, ExecutionReport]]] = [
            asyncio.Queue(MAX_WAITING_A_LANE) for _ in range(LANES)
        ]
        self._doubtful: dict[str, None] = {}
        self._is_doubtful = asyncio.Event()

    def report(self, user_id: str, client_order_id: str, report: ExecutionReport) -> None:
        """Hand over one message of a user's stream; orders that are not ours are ignored."""
        trade_id = trade_id_from_client_order_id(client_order_id)
        if trade_id is None:
            return
        try:
            self._lanes[hash(trade_id) % LANES].put_nowait((trade_id, user_id, report))
        except asyncio.QueueFull:
            self.doubt(user_id)

    def doubt(self, user_id: str) -> None:
        """Have the venue asked about each resting order of a user: a message may be lost."""
        self._doubtful[user_id] = None
        self._is_doubtful.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                tasks.create_task(self._deliver(lane))
            tasks.create_task(self._check())

    async def _deliver(self, lane: asyncio.Queue[tuple[str, str, ExecutionReport]]) -> None:
        while True:
            await _insist(self._signals.report, *await lane.get())

    async def _check(self) -> None:
        while True:
            await self._is_doubtful.wait()
            user_id = next(iter(self._doubtful))
            # Before the look: what is doubted from now on is looked at again.
            del self._doubtful[user_id]
            if not self._doubtful:
                self._is_doubtful.clear()
            for trade_id in await _insist(self._orders.resting_trades, user_id):
                await _insist(self._signals.check, trade_id)
                await asyncio.sleep(CHECK_SPACING_S)


async def _insist(step: Callable[..., Awaitable[_T]], *arguments: Any) -> _T:
    """Repeat a step until the service behind it is back."""
    wait_s = RETRY_MIN_S
    while True:
        try:
            return await step(*arguments)
        except Retryable as fault:
            _log.warning("user_data.delivery_waits", detail=fault.detail, wait_s=wait_s)
        await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        wait_s = min(wait_s * 2, RETRY_MAX_S)
