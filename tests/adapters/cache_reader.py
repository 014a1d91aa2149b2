"""`python -m tests.adapters.cache_reader URL KEY MODE`: a process that reads one key.

Prints `ready`, waits for a line, then reads: `many` prints how often it loaded and what its
500 readers got; `stuck` prints `loading` from within a load that never ends.
"""

import asyncio
import sys

from adapters.redis_cache import RedisCache
from tests.adapters.caching import open_node

READERS = 500
LOAD_S = 0.3


async def _read_many(cache: RedisCache, key: str) -> None:
    loads = 0

    async def load() -> bytes:
        nonlocal loads
        loads += 1
        await asyncio.sleep(LOAD_S)
        return b"v0"

    got = await asyncio.gather(*(cache.get(key, 60_000, load) for _ in range(READERS)))
    print(loads, len(got), sorted({value.decode() for value in got if value}))  # noqa: T201


async def _stick(cache: RedisCache, key: str) -> None:
    async def load() -> bytes:
        print("loading", flush=True)  # noqa: T201
        await asyncio.Event().wait()
        raise AssertionError

    await cache.get(key, 60_000, load)


async def _main(url: str, key: str, mode: str) -> None:
    async with open_node(url) as node:
        await node.redis.ping()
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        await (_read_many if mode == "many" else _stick)(node.cache, key)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:4]))
