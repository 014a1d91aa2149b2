"""Writes down what people do, without making anybody wait who trades."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from domain.activity import Activity, ActivityKind, Origin
from domain.errors import Retryable

log = structlog.get_logger(__name__)

# What a process may lose when it is killed, and what a write is worth waiting for company.
FLUSH_AFTER_S = 0.25
# While the store is away so many wait; then new ones are counted and dropped.
CAPACITY = 10_000
BATCH = 500
RETRY_AFTER_S = 1.0
# On shutdown; the store's own time-out is longer than a process has then.
LAST_FLUSH_S = 3.0


class ActivityStore(Protocol):
    """Where records end up."""

    async def insert(self, activities: Sequence[Activity]) -> None:
        """Append records, each once; see `adapters.mongo_activity`."""


class ActivityLog:
    """Notes what people do, in batches, and writes down at once what security asks for.

    Args:
        store: Where records end up.
        origin: Where the request at hand came from.
        announce: Told of each record that `write` has stored.
    """

    def __init__(
        self,
        store: ActivityStore,
        origin: Callable[[], Origin] = Origin,
        announce: Callable[[Activity], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._origin = origin
        self._announce = announce
        self._waiting: deque[Activity] = deque()
        self._dropped = 0
        self._noted = asyncio.Event()

    def note(self, kind: ActivityKind, user_id: str, /, **details: Any) -> None:
        """Remember something to be written within a moment; costs its caller nothing.

        A process that is killed loses what it noted in the last `FLUSH_AFTER_S`.
        """
        self._keep(self._activity(kind, user_id, details))

    async def write(self, kind: ActivityKind, user_id: str, /, **details: Any) -> None:
        """Write something down before the caller is answered.

        What is written down has happened. Where the store is away it is therefore kept to be
        written later, and nobody is told that it had failed.
        """
        activity = self._activity(kind, user_id, details)
        try:
            await self._store.insert([activity])
        except Retryable as fault:
            log.warning("activity_waits", kind=kind, user_id=user_id, detail=fault.detail)
            self._keep(activity)
        else:
            self._announce(activity)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write down what is noted while this is open, and at its end once more."""
        writing = asyncio.create_task(self._run())
        try:
            yield
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await self._flush_last()

    async def _run(self) -> None:
        while True:
            await self._noted.wait()
            await asyncio.sleep(FLUSH_AFTER_S)
            if not await self._flush():
                await asyncio.sleep(RETRY_AFTER_S)

    def _activity(self, kind: ActivityKind, user_id: str, details: dict[str, Any]) -> Activity:
        now = datetime.now(UTC)
        return Activity(str(uuid.uuid4()), kind, user_id, now, self._origin(), details)

    def _keep(self, activity: Activity) -> None:
        if len(self._waiting) >= CAPACITY:
            self._dropped += 1
            return
        self._waiting.append(activity)
        self._noted.set()

    async def _flush(self) -> bool:
        """Write all that waits; return whether the store took it."""
        self._noted.clear()
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
            try:
                await self._store.insert(batch)
            except Retryable as fault:
                log.warning("activity_waits", count=len(self._waiting), detail=fault.detail)
                self._noted.set()
                return False
            except Exception:
                log.exception("activity_refused", count=len(batch))
                await self._insert_singly(batch)
            for _ in batch:
                self._waiting.popleft()
        if self._dropped:
            log.error("activity_dropped", count=self._dropped)
            self._dropped = 0
        return True

    async def _insert_singly(self, batch: Sequence[Activity]) -> None:
        # One that cannot be stored at all must not take the others with it.
        for activity in batch:
            try:
                await self._store.insert([activity])
            except Exception:
                log.exception("activity_lost", kind=activity.kind, activity_id=activity.activity_id)

    async def _flush_last(self) -> None:
        try:
            async with asyncio.timeout(LAST_FLUSH_S):
                await self._flush()
        except TimeoutError:
            pass
        if self._waiting:
            log.error("activity_lost", count=len(self._waiting))
