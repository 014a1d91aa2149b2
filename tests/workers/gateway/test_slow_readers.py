"""Clients that do not read."""

import asyncio
import contextlib

import pytest
from websockets.exceptions import ConnectionClosed

from adapters.redis_feed import RedisUserFeed
from domain.events import ORDER_UPDATE
from tests.workers.gateway.conftest import NOON, Client, Stage, until


async def test_a_stalled_reader_delays_nobody_and_gets_the_latest(stage: Stage) -> None:
    slow = await stage.connect_as("ann", max_queue=1)
    quick = await stage.connect_as("bob")
    for client in (slow, quick):
        await client.subscribe("BTCUSDT@ticker")
    transport = slow.socket.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    padding = "x" * 100_000
    for number in range(1, 101):
        await stage.tick(number, padding=padding)
        assert (await quick.expect("price_update"))["sequence"] == number
    transport.resume_reading()
    last, gaps = 0, 0
    while last < 100:
        frame = await slow.receive()
        if frame["type"] == "gap":
            assert frame["data"]["after"] == last
            gaps += 1
            last = frame["data"]["next"] - 1
        else:
            assert frame["sequence"] == last + 1
            last = frame["sequence"]
    assert gaps
    await stage.tick(101)
    assert (await slow.expect("price_update"))["sequence"] == 101


async def test_a_reader_that_stalls_for_private_events_is_closed(stage: Stage) -> None:
    slow, other = await stage.connect_as("ann", max_queue=1), await stage.connect_as("ann")
    for client in (slow, other):
        await client.subscribe("orders")
    transport = slow.socket.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    feed = RedisUserFeed(stage.redis)
    for number in range(1, 201):
        data = {"padding": "x" * 50_000}
        await feed.push("ann", ORDER_UPDATE, data, event_id=f"e{number}", at=NOON)
        assert (await other.expect("order_update"))["sequence"] == number
    transport.resume_reading()
    last = 0
    with contextlib.suppress(ConnectionClosed):
        while True:
            last = (await slow.expect("order_update"))["sequence"]
    assert slow.socket.close_code == 4409
    assert 0 < last < 200
    back = await stage.connect_as("ann")
    await back.subscribe("orders", resume_from=last)
    for number in range(last + 1, 201):
        assert (await back.expect("order_update"))["sequence"] == number


async def _stalled(stage: Stage) -> tuple[Client, asyncio.Transport]:
    """Return a client that reads no more, and of whom the gateway knows it."""
    client = await stage.connect_as("ann", max_queue=1)
    await client.subscribe("BTCUSDT@ticker")
    transport = client.socket.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    (connection,) = stage.gateway._services.open_connections
    number = 0
    while not connection.is_behind:
        number += 1
        await stage.tick(number, padding="x" * 100_000)
    return client, transport


async def test_a_reader_that_stalls_for_good_is_cut(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.gateway.connection.CLOSE_WITHIN_S", 0.2)
    _, transport = await _stalled(stage)
    # It says goodbye, and reads no more than before.
    transport.write(b"\x88\x80\x00\x00\x00\x00")
    await until(lambda: not stage.gateway._services.open_connections)
    transport.abort()


async def test_a_reader_that_stalls_too_long_is_closed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.gateway.connection.STALLED_AFTER_S", 0.2)
    client, transport = await _stalled(stage)
    (connection,) = stage.gateway._services.open_connections
    await until(lambda: connection._closing)
    transport.resume_reading()
    assert await client.close_code() == 4409
