"""The protocol over real sockets: signing in, subscribing, lasting."""

import asyncio
import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.workers.gateway.conftest import MakeStage, Stage
from workers.gateway.rules import Patience


async def test_a_conversation_as_the_interface_writes_it(stage: Stage) -> None:
    client = await stage.connect()
    assert "timestamp" in await client.expect("connected")
    await client.say(type="auth", token="ann:600")
    assert (await client.expect("authenticated"))["data"]["user_id"] == "ann"
    told = await client.subscribe("BTCUSDT@ticker", "orders")
    assert told["channels"] == ["BTCUSDT@ticker", "orders"]
    assert told["sequence"] == 0
    await stage.tick(1)
    update = await client.expect("price_update")
    assert (update["channel"], update["sequence"]) == ("BTCUSDT@ticker", 1)
    await stage.order("ann", 1)
    order = await client.expect("order_update")
    assert order["channel"] == "orders"
    assert order["data"] == {"order_id": "order-1"}
    assert order["sequence"] == 1
    assert order["timestamp"] == "2025-10-10T12:00:00.000Z"
    await client.say(type="ping", id=7)
    assert (await client.expect("pong"))["data"] == {"id": 7}
    await client.say(type="unsubscribe", channels=["orders"])
    assert (await client.expect("unsubscribed"))["data"] == {"channels": ["orders"]}
    await stage.order("ann", 2)
    await stage.tick(2)
    assert (await client.expect("price_update"))["sequence"] == 2


async def test_the_token_may_come_with_the_subscription(stage: Stage) -> None:
    client = await stage.connect()
    await client.expect("connected")
    await client.say(type="subscribe", channels=["BTCUSDT@ticker"], auth_token="ann:600")
    await client.expect("authenticated")
    await client.expect("subscribed")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "subscribe", "channels": ["orders"]}, "TOKEN_INVALID"),
        ({"type": "subscribe", "channels": ["orders"], "auth_token": "nobody"}, "TOKEN_INVALID"),
        ({"type": "subscribe", "channels": ["orders"], "auth_token": "ann:-5"}, "TOKEN_EXPIRED"),
        ({"type": "auth", "token": ""}, "INVALID_REQUEST"),
        ({"type": "auth"}, "INVALID_REQUEST"),
        ({"type": "subscribe", "channels": "orders"}, "INVALID_REQUEST"),
        ({"type": "subscribe", "channels": [], "auth_token": "ann:600"}, "INVALID_REQUEST"),
        ({"type": "subscribe", "channels": [1]}, "INVALID_REQUEST"),
        ({"type": "ping", "more": 1}, "INVALID_REQUEST"),
        ({"type": "dance"}, "INVALID_REQUEST"),
    ],
)
async def test_what_is_refused(stage: Stage, message: dict[str, object], code: str) -> None:
    client = await stage.connect()
    await client.expect("connected")
    await client.say(**message)
    assert (await client.expect("error"))["data"]["code"] == code
    await stage.order("ann", 1)
    await client.silence()


async def test_too_late_to_authenticate(make_stage: MakeStage) -> None:
    stage = await make_stage(Patience(authenticate_within_s=0.3))
    client = await stage.connect()
    await client.expect("connected")
    assert await client.close_code() == 4401


async def test_a_token_that_runs_out_ends_unless_renewed(stage: Stage) -> None:
    client, renewing = await stage.connect_as("ann", 1), await stage.connect_as("ann", 1)
    await renewing.say(type="auth", token="ann:600")
    await renewing.expect("authenticated")
    assert (await client.expect("error"))["data"]["code"] == "TOKEN_EXPIRED"
    assert await client.close_code() == 4401
    await renewing.silence()


async def test_a_connection_does_not_change_hands(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    await client.say(type="auth", token="bob:600")
    assert (await client.expect("error"))["data"]["code"] == "FORBIDDEN"
    await stage.order("bob", 1)
    await stage.order("ann", 1)
    assert (await client.expect("order_update"))["sequence"] == 1


async def test_no_pong(make_stage: MakeStage) -> None:
    stage = await make_stage(Patience(ping_after_s=0.2, pong_within_s=0.3))
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with asyncio.timeout(20):
        received = await reader.readuntil((4408).to_bytes(2, "big") + b"no pong")
    assert b"\x89\x00" in received
    writer.close()
    answering = await stage.connect_as("ann")
    began_s = time.monotonic()
    while time.monotonic() - began_s < 1.2:
        await answering.silence()
        await asyncio.sleep(0.1)


async def test_heartbeats(make_stage: MakeStage) -> None:
    stage = await make_stage(Patience(heartbeat_every_s=0.1))
    client = await stage.connect()
    await client.expect("connected")
    async with asyncio.timeout(20):
        assert "heartbeat" in await client.socket.recv()


async def test_a_whole_life(make_stage: MakeStage) -> None:
    """Follow DATA_FLOW.md's diagram "Connection Lifecycle" from end to end."""
    stage = await make_stage()
    # Connecting, and failing.
    with pytest.raises(InvalidStatus) as failed:
        await stage.connect(path="/nothing")
    assert failed.value.response.status_code == 404
    # Connecting, connected, authenticated, subscribed, receiving.
    client = await stage.connect()
    await client.sign_in("ann")
    await client.subscribe("orders", "BTCUSDT@ticker")
    await stage.order("ann", 1)
    assert (await client.expect("order_update"))["sequence"] == 1
    await stage.tick(1)
    assert (await client.expect("price_update"))["sequence"] == 1
    # Unsubscribed, and subscribed again.
    await client.say(type="unsubscribe", channels=["orders", "BTCUSDT@ticker", "account"])
    left = (await client.expect("unsubscribed"))["data"]["channels"]
    assert left == ["orders", "BTCUSDT@ticker"]
    await stage.order("ann", 2)
    await stage.tick(2)
    await client.silence()
    told = await client.subscribe("BTCUSDT@ticker")
    assert told["snapshot"]["BTCUSDT@ticker"]["sequence"] == 2
    await stage.tick(3)
    assert (await client.expect("price_update"))["sequence"] == 3
    # Disconnected, and connected again.
    await client.socket.close()
    assert client.socket.close_code == 1000
    again = await stage.connect_as("ann")
    await again.subscribe("orders", resume_from=1)
    assert (await again.expect("order_update"))["sequence"] == 2
