"""Caches of several processes' kind, side by side in one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from adapters.redis_cache import RedisCache
from adapters.redis_invalidation import Invalidations


@dataclass(frozen=True)
class Node:
    """What one process has."""

    redis: Redis
    invalidations: Invalidations
    cache: RedisCache


@asynccontextmanager
async def open_node(url: str, *, listening: bool = True) -> AsyncIterator[Node]:
    async with Redis.from_url(url) as redis:
        invalidations = Invalidations(redis, url)
        cache = RedisCache(redis, invalidations)
        if listening:
            invalidations.start()
            await until(lambda: invalidations.in_touch)
        try:
            yield Node(redis, invalidations, cache)
        finally:
            await cache.close()
            await invalidations.close()


async def until(holds: Callable[[], bool], timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)


class Origin:
    """What is cached: counts how often it was read; `gate` holds reads up."""

    def __init__(self, value: bytes | None = b"v0") -> None:
        self.value = value
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> bytes | None:
        self.reads += 1
        value = self.value
        await self.gate.wait()
        return value


Loader = Callable[[], Awaitable[bytes | None]]
