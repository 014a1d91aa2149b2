"""Redis goes away and comes back under a gateway with clients."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from domain.errors import Retryable
from tests.workers.gateway.conftest import Stage, staged, until
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server


@pytest.fixture
def server(start_server: Callable[[Server], Instance]) -> Instance:
    return start_server(servers.REDIS)


@pytest.fixture
async def fragile(server: Instance) -> AsyncIterator[Stage]:
    async with staged(server.url) as stage:
        yield stage


async def _persistently(push: Callable[[], object]) -> None:
    while True:
        try:
            await push()  # type: ignore[misc]  # an awaitable of one kind or another
        except Retryable:
            await asyncio.sleep(0.05)
        else:
            return


async def test_after_an_outage_everybody_receives_and_nothing_is_missing(
    fragile: Stage, server: Instance
) -> None:
    client = await fragile.connect_as("ann")
    await client.subscribe("orders", "BTCUSDT@ticker")
    for number in range(1, 6):
        await fragile.order("ann", number)
        assert (await client.expect("order_update"))["sequence"] == number
    await fragile.tick(3)
    assert (await client.expect("price_update"))["sequence"] == 3
    # A clean stop: what Redis confirmed in its last second would not survive a power cut.
    await asyncio.to_thread(server.stop)
    await until(lambda: not fragile.gateway._subscription.connected)
    await asyncio.to_thread(server.start)
    # While the gateway may not listen yet, another process writes already.
    retry = Retry(NoBackoff(), 0)
    async with Redis.from_url(server.url, retry=retry) as other:
        writer = dataclasses.replace(fragile, redis=other)
        for number in range(6, 11):
            await _persistently(lambda n=number: writer.order("ann", n))  # type: ignore[misc]
        await _persistently(lambda: writer.tick(7))
    received: dict[str, list[int]] = {"order_update": [], "gap": [], "price_update": []}
    while received["order_update"][-1:] != [10] or not received["price_update"]:
        frame = await client.receive()
        received[frame["type"]].append(frame.get("sequence") or frame["data"]["after"])
    assert received == {"order_update": [6, 7, 8, 9, 10], "gap": [3], "price_update": [7]}


async def test_who_subscribes_during_an_outage_is_served_after_it(
    fragile: Stage, server: Instance
) -> None:
    await fragile.order("ann", 1)
    await asyncio.to_thread(server.stop)
    await until(lambda: not fragile.gateway._subscription.connected)
    client = await fragile.connect_as("ann")
    await client.say(type="subscribe", channels=["orders"], resume_from=0)
    await client.silence()
    await asyncio.to_thread(server.start)
    await client.expect("subscribed")
    assert (await client.expect("order_update"))["sequence"] == 1
