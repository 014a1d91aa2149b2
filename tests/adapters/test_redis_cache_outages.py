"""The cache while Redis is away, hangs, or forgets whom it was telling."""

import asyncio
from typing import Any

from redis.asyncio import Redis

from adapters.redis_leased_values import LeasedValues
from tests.adapters.caching import Origin, open_node, until
from tests.conftest import StartServer
from workers.stack import servers

KEY = "things:1"
TTL_MS = 60_000


async def test_copies_go_when_the_subscription_breaks(start_server: StartServer) -> None:
    server = start_server(servers.REDIS)
    async with open_node(server.url) as node:
        origin = Origin()
        await node.cache.get(KEY, TTL_MS, origin.load)
        assert node.cache._copies.get(KEY) is not None
        # An update elsewhere that this process cannot hear of.
        origin.value = b"v1"
        async with Redis.from_url(server.url) as operator:
            await operator.delete(KEY)
            await operator.client_kill_filter(_type="pubsub", skipme=True)
        await until(lambda: not node.invalidations.in_touch)
        assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v1"
        await until(lambda: node.invalidations.in_touch)
        assert node.cache._copies.get(KEY) is None


async def test_without_redis_the_origin_is_read_once_at_a_time() -> None:
    async with open_node("redis://127.0.0.1:1", listening=False) as node:
        origin = Origin()
        origin.gate.clear()
        readers = [
            asyncio.create_task(node.cache.get(KEY, TTL_MS, origin.load)) for _ in range(100)
        ]
        await until(lambda: origin.reads == 1)
        origin.gate.set()
        assert set(await asyncio.gather(*readers)) == {b"v0"}
        assert origin.reads == 1
        origin.value = b"v1"
        # Nothing is kept: nobody could tell of an update.
        assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v1"


async def test_a_redis_that_hangs_costs_a_bounded_wait(start_server: StartServer) -> None:
    server = start_server(servers.REDIS)
    async with open_node(server.url) as node, Redis.from_url(server.url) as operator:
        await node.redis.ping()
        await operator.client_pause(2_000)
        started = asyncio.get_running_loop().time()
        # Only the first waits; then Redis is left alone for a while.
        for number in range(20):
            assert await node.cache.get(f"things:{number}", TTL_MS, Origin().load) == b"v0"
        assert asyncio.get_running_loop().time() - started < 0.5


async def test_an_invalidation_that_redis_missed_is_sent_later(start_server: StartServer) -> None:
    server = start_server(servers.REDIS)
    async with open_node(server.url) as node, open_node(server.url) as other:
        origin = Origin()
        for each in (node, other):
            assert await each.cache.get(KEY, TTL_MS, origin.load) == b"v0"
        server.stop()
        origin.value = b"v1"
        await node.cache.invalidate(KEY)
        assert node.invalidations.unsent(KEY)
        assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v1"
        server.start()
        # Redis has kept the old value, and nobody is told it.
        assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v1"
        await until(lambda: not node.invalidations.unsent(KEY))
        assert await other.cache.get(KEY, TTL_MS, origin.load) == b"v1"


async def test_a_cancellation_that_meets_a_breaking_connection_is_heard() -> None:
    asked = asyncio.Event()

    class BreakingRedis(Redis):
        """As redis-py is where it disconnects: the cancellation is lost."""

        async def execute_command(self, *_arguments: Any, **_options: Any) -> Any:
            asked.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise ConnectionError from None

    renewing = asyncio.create_task(LeasedValues(BreakingRedis()).renew(KEY, "somebody"))
    await asked.wait()
    renewing.cancel()
    await asyncio.wait([renewing], timeout=5)
    assert renewing.cancelled()
