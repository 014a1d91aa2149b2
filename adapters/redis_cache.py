"""A read-through cache: a copy in the process, then Redis, then the origin."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from prometheus_client import Counter
from redis.asyncio import Redis

from adapters.ending_tasks import end_tasks
from adapters.local_copies import LocalCopies
from adapters.redis_invalidation import Invalidations, kind_of
from adapters.redis_leased_values import RENEW_EVERY_S, Found, LeasedValues, Standing

# A connection that has silently died is noticed within seconds (adapters.redis_subscription);
# a copy never outlives that by much.
LOCAL_TTL_S = 5.0
LOCAL_BYTES = 16 * 1024 * 1024
# What a copy costs beside its bytes.
COPY_OVERHEAD_BYTES = 300
# That there is nothing is believed for a short time only, unless the caller says otherwise.
ABSENT_TTL_MS = 1_000
# Between two looks at what another process is loading.
POLL_MIN_S = 0.005
POLL_MAX_S = 0.05
# Then a waiter loads for itself, without storing: the holder lives, and its load hangs.
BUSY_WAIT_S = 3.0
# Whoever publishes and deletes by hand, in two steps, leaves a moment between them.
SECOND_LOOK_S = 0.2

_hits = Counter(
    "botcore_cache_hits", "Reads answered by a copy, by Redis, or by a read under way.",
    ("kind", "layer"),
)  # fmt: skip
_misses = Counter("botcore_cache_misses", "Reads that no layer could answer.", ("kind",))
_loads = Counter("botcore_cache_loads", "Loads from the origin.", ("kind", "outcome"))

# Reads the origin: the value, or None where there is none.
Load = Callable[[], Awaitable[bytes | None]]


class _Counts(NamedTuple):
    """The counters of one kind of key: looking them up by label costs more than a hit."""

    local: Counter
    redis: Counter
    joined: Counter
    missed: Counter
    loaded: Counter
    failed: Counter


class _Request(NamedTuple):
    key: str
    ttl_ms: int
    absent_ttl_ms: int
    load: Load
    counts: _Counts


class RedisCache:
    """`get` reads; `invalidate` is called after every update of what a key stands for.

    What holds, whatever is interleaved:

    - Once `invalidate` has returned, `get` in this process never answers with a value that
      was loaded before. Other processes follow as soon as they hear of it, and serve no
      copies while they could not (`Invalidations`). Loaders must read what is committed:
      one that may ask a replica that lags undoes this.
    - One load at a time for a key: readers in one process share one, and of several
      processes the holder of the lease in Redis loads (`LeasedValues`), while the others
      look again every few milliseconds. A holder that dies is followed within a second.
      A load goes on when its first reader gives up; others may be waiting for it.
    - A load that raises is answered with its error to those who waited in the same process:
      they asked the same thing at the same moment. The lease is given back, so of the other
      processes the next one tries for itself. Errors are not cached.
    - Redis away, slow or stuck costs a bounded wait (`REDIS_WAIT_S`); then the origin is
      read, still once a process at a time.

    Values are bytes and never secrets. None is an answer, too, kept for `absent_ttl_ms`.
    """

    def __init__(
        self, redis: Redis, invalidations: Invalidations, *, local_bytes: int = LOCAL_BYTES
    ) -> None:
        self._values = LeasedValues(redis)
        self._invalidations = invalidations
        self._copies: LocalCopies[bytes | None] = LocalCopies(invalidations, local_bytes)
        # The reads that newcomers may join; one that was overtaken goes on without them.
        self._flights: dict[str, asyncio.Task[bytes | None]] = {}
        self._running: set[asyncio.Task[bytes | None]] = set()
        self._counts: dict[str, _Counts] = {}
        invalidations.watch(self._on_key, self._flights.clear)

    async def close(self) -> None:
        """Abandon the loads that are under way."""
        await end_tasks(self._running)

    async def get(
        self, key: str, ttl_ms: int, load: Load, *, absent_ttl_ms: int = ABSENT_TTL_MS
    ) -> bytes | None:
        """Return the value of a key; see the class.

        Args:
            key: `kind:…`; the kinds are few, and counted apart.
            ttl_ms: For how long a loaded value may be served.
            load: Reads the origin.
            absent_ttl_ms: The same for the answer that there is no value.

        Raises:
            Exception: Whatever `load` raised.
        """
        counts = self._counts_of(key)
        copy = self._copies.get(key)
        if copy is not None:
            counts.local.inc()
            return copy.value
        flight = self._flights.get(key)
        if flight is None:
            flight = self._take_off(_Request(key, ttl_ms, absent_ttl_ms, load, counts))
        else:
            counts.joined.inc()
        return await asyncio.shield(flight)

    async def invalidate(self, *keys: str) -> None:
        """Let nobody be answered with what was loaded before; call it after the update."""
        await self._invalidations.send(*keys)

    def _take_off(self, request: _Request) -> asyncio.Task[bytes | None]:
        flight = asyncio.create_task(self._fly(request), name=f"cache {request.key}")
        self._flights[request.key] = flight
        self._running.add(flight)

        def land(done: asyncio.Task[bytes | None]) -> None:
            self._running.discard(done)
            if self._flights.get(request.key) is done:
                del self._flights[request.key]
            if not done.cancelled():
                # Nobody may be left to be told of it.
                done.exception()

        flight.add_done_callback(land)
        return flight

    async def _fly(self, request: _Request) -> bytes | None:
        with self._copies.reading(request.key) as reading:
            value, ttl_ms = await self._find(request)
            size = COPY_OVERHEAD_BYTES + len(request.key) + len(value or b"")
            reading.keep(value, min(ttl_ms / 1000, LOCAL_TTL_S), size)
            return value

    async def _find(self, request: _Request) -> tuple[bytes | None, int]:
        """Return a value, and for how many ms a copy of it is good."""
        owner = secrets.token_hex(16)
        clock = asyncio.get_running_loop().time
        give_up_s = clock() + BUSY_WAIT_S
        pause_s = POLL_MIN_S
        while not self._invalidations.unsent(request.key):
            answer = await self._values.look_up(request.key, owner)
            if isinstance(answer, Found):
                request.counts.redis.inc()
                return answer.value, answer.ttl_ms
            if answer is Standing.GRANTED:
                request.counts.missed.inc()
                return await self._load_and_fill(request, owner)
            if answer is Standing.AWAY:
                request.counts.missed.inc()
                value = await self._load(request)
                return value, request.absent_ttl_ms if value is None else request.ttl_ms
            if clock() > give_up_s:
                break
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            pause_s = min(pause_s * 2, POLL_MAX_S)
        request.counts.missed.inc()
        return await self._load(request), 0

    async def _load_and_fill(self, request: _Request, owner: str) -> tuple[bytes | None, int]:
        renewing = asyncio.create_task(self._renew(request.key, owner))
        try:
            value = await self._load(request)
        except BaseException:
            await self._values.release(request.key, owner)
            raise
        finally:
            renewing.cancel()
        ttl_ms = request.absent_ttl_ms if value is None else request.ttl_ms
        filled = await self._values.fill(request.key, owner, value, ttl_ms)
        # Where it was not, the key was most likely invalidated meanwhile.
        return value, ttl_ms if filled else 0

    async def _renew(self, key: str, owner: str) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            await self._values.renew(key, owner)

    async def _load(self, request: _Request) -> bytes | None:
        try:
            value = await request.load()
        except BaseException:
            request.counts.failed.inc()
            raise
        request.counts.loaded.inc()
        return value

    def _on_key(self, key: str) -> None:
        self._flights.pop(key, None)
        asyncio.get_running_loop().call_later(SECOND_LOOK_S, self._copies.drop, key)

    def _counts_of(self, key: str) -> _Counts:
        kind = kind_of(key)
        counts = self._counts.get(kind)
        if counts is None:
            counts = self._counts[kind] = _Counts(
                local=_hits.labels(kind, "local"),
                redis=_hits.labels(kind, "redis"),
                joined=_hits.labels(kind, "joined"),
                missed=_misses.labels(kind),
                loaded=_loads.labels(kind, "ok"),
                failed=_loads.labels(kind, "error"),
            )
        return counts
