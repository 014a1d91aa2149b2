"""Misses in several processes at once, and a process that dies while it loads."""

import ast
import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis

from adapters.redis_leased_values import LEASE_MS
from tests.adapters.cache_reader import READERS
from tests.adapters.caching import Origin, open_node

KEY = "things:shared"
PROCESSES = 3


@asynccontextmanager
async def reader(url: str, mode: str) -> AsyncIterator[Process]:
    module = "tests.adapters.cache_reader"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, url, KEY, mode, stdin=PIPE, stdout=PIPE
    )
    try:
        assert await line_of(process) == "ready"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line_of(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def go(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    await process.stdin.drain()


async def test_misses_in_several_processes_load_once(redis_client: Redis, redis_url: str) -> None:
    del redis_client  # asked for because it empties Redis
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(reader(redis_url, "many")) for _ in range(PROCESSES)
        ]
        await asyncio.gather(*(go(process) for process in processes))
        lines = await asyncio.gather(*(line_of(process) for process in processes))
    told = [line.split(" ", 2) for line in lines]
    assert sum(int(loads) for loads, _, _ in told) == 1
    assert [int(count) for _, count, _ in told] == [READERS] * PROCESSES
    assert all(ast.literal_eval(values) == ["v0"] for _, _, values in told)


async def test_a_killed_loader_is_followed_within_a_second_or_so(
    redis_client: Redis, redis_url: str
) -> None:
    del redis_client  # as above
    async with open_node(redis_url) as node, reader(redis_url, "stuck") as victim:
        await go(victim)
        assert await line_of(victim) == "loading"
        origin = Origin(b"v1")
        waiting = [asyncio.create_task(node.cache.get(KEY, 60_000, origin.load)) for _ in range(50)]
        # A holder that lives renews its lease, however long it takes.
        await asyncio.sleep(LEASE_MS / 1000 * 1.2)
        assert origin.reads == 0
        victim.kill()
        killed_s = asyncio.get_running_loop().time()
        assert set(await asyncio.gather(*waiting)) == {b"v1"}
        assert origin.reads == 1
        assert asyncio.get_running_loop().time() - killed_s < LEASE_MS / 1000 + 0.5
