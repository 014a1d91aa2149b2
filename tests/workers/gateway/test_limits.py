"""Clients that say too much, or nonsense."""

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed

from tests.workers.gateway.conftest import MakeStage, Stage, until


async def test_malformed_messages_are_forgiven_a_few_times(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    hostile: list[str | bytes] = [
        "",
        "{",
        "[]",
        b"\x00\xff",
        "null",
        '{"type":"ping","id":' + "[" * 9_000,
    ]
    for text in hostile[:5]:
        await client.socket.send(text)
        assert (await client.expect("error"))["data"]["code"] == "INVALID_REQUEST"
    await client.silence()
    await client.socket.send(hostile[5])
    assert (await client.expect("error"))["data"]["code"] == "INVALID_REQUEST"
    assert await client.close_code() == 4400


async def test_a_message_in_fragments_is_one_message(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.socket.send(iter(['{"type":', '"ping",', '"id":5}']))
    assert (await client.expect("pong"))["data"] == {"id": 5}


async def test_a_message_of_hostile_size_ends_the_line_only(stage: Stage) -> None:
    other = await stage.connect_as("bob")
    client = await stage.connect_as("ann")
    await client.socket.send("x" * 1_000_000)
    assert await client.close_code() == 1009
    await other.silence()


async def test_endless_fragments_are_cut(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.socket.send(iter(["x" * 10_000] * 4))
    assert (await client.expect("error"))["data"]["code"] == "INVALID_REQUEST"


async def test_too_many_messages_or_channels(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    for _ in range(60):
        await client.say(type="ping")
    assert await client.close_code() == 4429
    client = await stage.connect_as("ann")
    await client.say(type="subscribe", channels=[f"S{n}USDT@ticker" for n in range(101)])
    assert await client.close_code() == 4429


async def test_too_many_connections_of_one_user(make_stage: MakeStage) -> None:
    stage = await make_stage(gateway_connections_per_user=2)
    first, _ = await stage.connect_as("ann"), await stage.connect_as("ann")
    third = await stage.connect()
    await third.expect("connected")
    await third.say(type="auth", token="ann:600")
    assert (await third.expect("error"))["data"]["code"] == "RATE_LIMITED"
    assert await third.close_code() == 4429
    await stage.connect_as("bob")
    await first.socket.close()
    await until(lambda: len(stage.gateway._services.open_connections) == 2)
    await stage.connect_as("ann")


async def test_too_many_connections_of_one_address(make_stage: MakeStage) -> None:
    stage = await make_stage(gateway_connections_per_address=2)
    for user in ("ann", "bob"):
        await stage.connect_as(user)
    # Nobody is trusted to speak for another address.
    third = await stage.connect(additional_headers={"X-Forwarded-For": "198.51.100.1"})
    assert (await third.expect("error"))["data"]["code"] == "RATE_LIMITED"
    assert await third.close_code() == 4429


async def test_an_address_behind_a_trusted_proxy_is_its_own(make_stage: MakeStage) -> None:
    stage = await make_stage(gateway_connections_per_address=1, trusted_proxies=["127.0.0.0/8"])
    for address in ("198.51.100.1", "198.51.100.2"):
        client = await stage.connect(additional_headers={"X-Forwarded-For": f"1.1.1.1, {address}"})
        await client.sign_in("ann")
    again = await stage.connect(additional_headers={"X-Forwarded-For": "2.2.2.2, 198.51.100.1"})
    assert await again.close_code() == 4429


async def test_too_many_channels_of_one_user(make_stage: MakeStage) -> None:
    stage = await make_stage(gateway_channels_per_user=3)
    first, second = await stage.connect_as("ann"), await stage.connect_as("ann")
    await first.subscribe("orders", "BTCUSDT@ticker")
    await second.subscribe("orders")
    await second.say(type="subscribe", channels=["account"])
    assert await second.close_code() == 4429
    await first.silence()


async def test_a_flood_of_pings_is_cut(stage: Stage) -> None:
    client, other = await stage.connect_as("ann"), await stage.connect_as("ann")
    await client.socket.ping("one")
    with contextlib.suppress(ConnectionClosed):
        for number in range(200):
            await client.socket.ping(f"{number}")
    assert await client.close_code() == 4429
    await other.silence()


async def test_a_ping_is_answered(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    async with asyncio.timeout(20):
        await (await client.socket.ping("mark"))
