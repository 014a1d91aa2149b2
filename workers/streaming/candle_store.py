"""Closed candles on their way to MongoDB, which may be away for a while."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

import structlog

from adapters.mongo_candles import MongoCandles
from domain.errors import Retryable
from workers.streaming.candle_channel import ClosedCandle, Key
from workers.streaming.metrics import CANDLES_WAITING

# About 30 MB; ten symbols close as many in a day. What does not fit is back-filled.
MOST_WAITING = 20_000
# A back-fill adds a page at a time only up to here, so that live candles find room.
ROOM_BELOW = 5_000
BATCH = 200
RETRY_MIN_S = 0.2
RETRY_MAX_S = 5.0

_log = structlog.get_logger(__name__)


class CandleStore:
    """Stores what it is given, in order, as soon as MongoDB takes it.

    A series of which something had to be refused is refused from then on, so that what is
    stored never has a hole behind it; once MongoDB takes candles again, `on_refused` is told
    which series are to be begun anew from what is stored.

    Args:
        candles: Where to.
        prepare: Awaited before the first candle is stored; makes the collection ready.
        on_refused: See above.
    """

    def __init__(
        self,
        candles: MongoCandles,
        prepare: Callable[[], Awaitable[None]],
        on_refused: Callable[[Key], None],
    ) -> None:
        self.candles = candles
        self._prepare: Callable[[], Awaitable[None]] | None = prepare
        self._on_refused = on_refused
        self._waiting: deque[ClosedCandle] = deque()
        self._refused: set[Key] = set()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, closed: Iterable[ClosedCandle]) -> None:
        """Store these in the background."""
        for each in closed:
            if each.key in self._refused:
                continue
            if len(self._waiting) >= MOST_WAITING:
                self.refuse(each.key)
            else:
                self._waiting.append(each)
        self._told()

    def refuse(self, key: Key) -> None:
        """Take nothing of this series until MongoDB is there."""
        self._refused.add(key)
        self._told()

    async def room(self) -> None:
        """Wait until a back-fill may add a page."""
        await self._room.wait()

    async def run(self) -> None:
        """Store until cancelled."""
        wait_s = RETRY_MIN_S
        while True:
            await self._some.wait()
            try:
                if self._prepare is not None:
                    await self._prepare()
                    self._prepare = None
                await self._store_batch()
            except Retryable as fault:
                if wait_s == RETRY_MIN_S:
                    _log.warning(
                        "candles.unstored", detail=fault.detail, waiting=len(self._waiting)
                    )
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait_s = min(wait_s * 2, RETRY_MAX_S)
            else:
                wait_s = RETRY_MIN_S

    async def _store_batch(self) -> None:
        batch: list[ClosedCandle] = []
        for each in self._waiting:
            if len(batch) == BATCH or (batch and each.corrected != batch[0].corrected):
                break
            batch.append(each)
        if batch:
            stored = [each.stored for each in batch]
            if batch[0].corrected:
                await self.candles.correct(stored)
            else:
                await self.candles.store(stored)
            for _ in batch:
                self._waiting.popleft()
        if not self._waiting and self._refused:
            # Only a MongoDB that answers says that they can begin anew.
            await self.candles.latest(*next(iter(self._refused)), 1)
            refused, self._refused = self._refused, set()
            for key in refused:
                self._on_refused(key)
        self._told()

    def _told(self) -> None:
        waiting = len(self._waiting)
        CANDLES_WAITING.set(waiting)
        if waiting or self._refused:
            self._some.set()
        else:
            self._some.clear()
        if waiting < ROOM_BELOW:
            self._room.set()
        else:
            self._room.clear()
