"""Several workers as real processes: one dies, sleeps or leaves, and nobody hears a double."""

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from adapters.redis_feed import sequence_of
from tests.workers.streaming.conftest import PROCESS_SYMBOLS, Start, ready
from workers.stack import servers
from workers.stack.children import Child
from workers.stack.instance import Instance
from workers.stack.servers import Server

CHANNELS = {f"public:{symbol}@ticker" for symbol in PROCESS_SYMBOLS}
TAKEN_OVER_WITHIN_S = 5

StartServer = Callable[[Server], Instance]


class Audience:
    """Hears every broadcast."""

    def __init__(self) -> None:
        self.more = asyncio.Event()
        self.heard: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)

    async def listen(self, redis: Redis) -> None:
        async with redis.pubsub() as pubsub:
            await pubsub.psubscribe("public:*")
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1)
                if message is not None:
                    sequence = sequence_of(message["data"])
                    self.heard[message["channel"].decode()].append((time.monotonic(), sequence))
                    self.more.set()

    async def hears_all(self, since_s: float, within_s: float = 20) -> None:
        """Wait until every price was broadcast after a moment."""
        async with asyncio.timeout(within_s):
            for name in CHANNELS:
                while not self.heard[name] or self.heard[name][-1][0] <= since_s:
                    await self.more.wait()
                    self.more.clear()

    def check(self) -> None:
        """Assert that each channel's sequences rose by one, without a double."""
        for channel, heard in self.heard.items():
            sequences = [sequence for _, sequence in heard]
            assert sequences == list(range(sequences[0], sequences[0] + len(sequences))), channel


@pytest.fixture
async def audience(redis_client: Redis) -> AsyncIterator[Audience]:
    audience = Audience()
    listening = asyncio.create_task(audience.listen(redis_client))
    yield audience
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def follows(child: Child) -> None:
    """Wait until a worker has taken its share."""
    async with asyncio.timeout(20):
        while "stream.lease_taken" not in child.log.read_text():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def test_a_killed_workers_symbols_go_on(start: Start, audience: Audience) -> None:
    first, second = start(), start()
    await ready(first, second)
    await follows(first)
    await follows(second)
    await audience.hears_all(time.monotonic())
    os.kill(first.pid, signal.SIGKILL)
    killed_s = time.monotonic()
    # What was on its way is heard within this.
    await audience.hears_all(killed_s + 0.2, TAKEN_OVER_WITHIN_S)
    await audience.hears_all(time.monotonic())
    audience.check()


async def test_a_worker_that_wakes_up_after_its_lease_tells_nothing(
    start: Start, audience: Audience
) -> None:
    first, second = start(), start()
    await ready(first, second)
    await follows(first)
    await follows(second)
    await audience.hears_all(time.monotonic())
    os.kill(first.pid, signal.SIGSTOP)
    await audience.hears_all(time.monotonic() + 0.2, TAKEN_OVER_WITHIN_S)
    os.kill(first.pid, signal.SIGCONT)
    async with asyncio.timeout(20):
        while "stream.lease_lost" not in first.log.read_text():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    # Both have their share again.
    for _ in range(5):
        await audience.hears_all(time.monotonic())
    audience.check()


async def test_a_worker_that_comes_or_leaves_is_hardly_noticed(
    start: Start, audience: Audience
) -> None:
    first = start()
    await ready(first)
    await audience.hears_all(time.monotonic())
    second = start()
    await ready(second)
    await follows(second)
    await audience.hears_all(time.monotonic(), TAKEN_OVER_WITHIN_S)
    left_s = time.monotonic()
    await asyncio.to_thread(second.stop)
    assert second.exit_code == 0, second.log_tail()
    await audience.hears_all(left_s + 0.2, TAKEN_OVER_WITHIN_S)
    audience.check()


async def test_a_redis_that_comes_back_empty_changes_no_count(
    start: Start, audience: Audience, redis_client: Redis
) -> None:
    await ready(start())
    await audience.hears_all(time.monotonic())
    await redis_client.flushall()
    await audience.hears_all(time.monotonic() + 0.2)
    audience.check()


async def test_a_redis_that_is_away_is_waited_for(
    environment: dict[str, str], start: Start, start_server: StartServer
) -> None:
    server = await asyncio.to_thread(start_server, servers.REDIS)
    environment["BOTCORE_REDIS_URL"] = server.url
    await ready(start())
    for _ in range(2):
        audience = Audience()
        async with Redis.from_url(server.url) as redis:
            listening = asyncio.create_task(audience.listen(redis))
            await audience.hears_all(time.monotonic())
            await asyncio.to_thread(server.kill)
            await asyncio.gather(listening, return_exceptions=True)
        audience.check()
        await asyncio.to_thread(server.start)
