"""The whole protocol over real sockets."""

import asyncio
import contextlib
import time

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from adapters.redis_feed import RedisUserFeed
from domain.events import ACCOUNT_UPDATE, ORDER_UPDATE, POSITION_UPDATE
from tests.workers.gateway.conftest import NOON, MakeStage, Stage, until
from workers.gateway.protocol import Limits


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


async def test_a_subscription_shows_the_latest_ticker_at_once(stage: Stage) -> None:
    await stage.tick(41)
    watcher = await stage.connect_as("bob")
    await watcher.subscribe("BTCUSDT@ticker")
    await stage.tick(42)
    assert (await watcher.expect("price_update"))["sequence"] == 42
    client = await stage.connect_as("ann")
    snapshot = (await client.subscribe("BTCUSDT@ticker"))["snapshot"]
    assert snapshot["BTCUSDT@ticker"]["sequence"] == 42


async def test_a_ticker_from_before_the_gateway_is_known(make_stage: MakeStage) -> None:
    first = await make_stage()
    await first.tick(7)
    second = await make_stage()
    await until(lambda: second.gateway._services.public.latest("BTCUSDT@ticker") is not None)
    client = await second.connect_as("ann")
    told = await client.subscribe("BTCUSDT@ticker")
    assert told["snapshot"]["BTCUSDT@ticker"]["sequence"] == 7


async def test_two_users_never_see_each_others_events(stage: Stage) -> None:
    ann, bob = await stage.connect_as("ann"), await stage.connect_as("bob")
    for client in (ann, bob):
        await client.subscribe("orders", "positions", "account")
    for number in range(20):
        await stage.order("ann", number)
    await stage.order("bob", 100)
    for number in range(20):
        assert (await ann.expect("order_update"))["data"]["order_id"] == f"order-{number}"
    assert (await bob.expect("order_update"))["data"]["order_id"] == "order-100"
    await ann.silence()
    await bob.silence()


async def test_one_user_hears_on_every_connection_and_gateway(make_stage: MakeStage) -> None:
    first, second = await make_stage(), await make_stage()
    clients = [await s.connect_as("ann") for s in (first, first, second)]
    for client in clients:
        await client.subscribe("orders")
    await first.order("ann", 1)
    for client in clients:
        assert (await client.expect("order_update"))["sequence"] == 1


async def test_a_client_that_comes_back_resumes_where_it_was(stage: Stage) -> None:
    first = await stage.connect_as("ann")
    await first.subscribe("orders")
    for number in range(1, 4):
        await stage.order("ann", number)
        last = (await first.expect("order_update"))["sequence"]
    await first.socket.close()
    for number in range(4, 300):
        await stage.order("ann", number)
    await stage.order("ann", 300, POSITION_UPDATE)
    second = await stage.connect_as("ann")
    told = await second.subscribe("orders", "positions", resume_from=last)
    assert told["sequence"] == 300
    for number in range(4, 300):
        assert (await second.expect("order_update"))["sequence"] == number
    assert (await second.expect("position_update"))["sequence"] == 300
    await stage.order("ann", 301)
    assert (await second.expect("order_update"))["sequence"] == 301


async def test_events_during_a_replay_come_once_and_in_order(stage: Stage) -> None:
    for number in range(1, 400):
        await stage.order("ann", number)
    client = await stage.connect_as("ann")

    async def go_on() -> None:
        for number in range(400, 600):
            await stage.order("ann", number)

    going_on = asyncio.create_task(go_on())
    await client.subscribe("orders", resume_from=0)
    received = [(await client.expect("order_update"))["sequence"] for _ in range(599)]
    await going_on
    assert received == list(range(1, 600))
    await client.silence()


async def test_a_channel_added_with_resume_repeats_nothing_else(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    await stage.order("ann", 1)
    await stage.order("ann", 2, ACCOUNT_UPDATE)
    await client.expect("order_update")
    await client.subscribe("account", resume_from=0)
    assert (await client.expect("account_update"))["sequence"] == 2
    await client.silence()
    await stage.order("ann", 3)
    assert (await client.expect("order_update"))["sequence"] == 3


async def test_a_gap_that_cannot_be_filled_is_declared_to_the_living(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    await stage.order("ann", 1)
    assert (await client.expect("order_update"))["sequence"] == 1
    await stage.redis.incrby("feed:ann:sequence", 4)
    await stage.order("ann", 2)
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    assert (await client.expect("order_update"))["sequence"] == 6


async def test_a_redis_that_forgot_its_latest_writes(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    for number in range(1, 4):
        await stage.order("ann", number)
        await client.expect("order_update")
    await stage.redis.delete("feed:ann")
    await stage.redis.set("feed:ann:sequence", 1)
    # What the gateway does whenever its subscription was made anew.
    stage.gateway._services.private.subscribed("feed:ann")
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    await stage.order("ann", 4)
    assert (await client.expect("order_update"))["sequence"] == 2


async def test_lost_history_is_declared(stage: Stage) -> None:
    for number in range(1, 11):
        await stage.order("ann", number)
    await stage.redis.xtrim("feed:ann", maxlen=5, approximate=False)
    client = await stage.connect_as("ann")
    await client.subscribe("orders", resume_from=2)
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    await stage.order("ann", 11)
    assert (await client.expect("order_update"))["sequence"] == 11
    ahead = await stage.connect_as("ann")
    await ahead.subscribe("orders", resume_from=1_000)
    assert (await ahead.expect("error"))["data"]["code"] == "HISTORY_LOST"


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


async def test_channels_that_do_not_exist_are_named(stage: Stage) -> None:
    await stage.tick(1)
    client = await stage.connect_as("ann")
    await client.subscribe("BTCUSDT@ticker")
    for channel, code in (
        ("NOSUCHUSDT@ticker", "UNKNOWN_SYMBOL"),
        ("everything", "INVALID_REQUEST"),
    ):
        await until(lambda: stage.gateway._services.public.latest("BTCUSDT@ticker") is not None)
        await client.say(type="subscribe", channels=["orders", channel])
        error = (await client.expect("error"))["data"]
        assert error["code"] == code
    await stage.order("ann", 1)
    await client.silence()


async def test_too_late_to_authenticate(make_stage: MakeStage) -> None:
    stage = await make_stage(Limits(authenticate_within_s=0.3))
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


async def test_no_pong(make_stage: MakeStage) -> None:
    stage = await make_stage(Limits(ping_after_s=0.2, pong_within_s=0.3))
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
    stage = await make_stage(Limits(heartbeat_every_s=0.1))
    client = await stage.connect()
    await client.expect("connected")
    async with asyncio.timeout(20):
        assert "heartbeat" in await client.socket.recv()


async def test_a_foreign_origin_is_refused(make_stage: MakeStage) -> None:
    stage = await make_stage(allowed_origins=["https://desk.example"])
    foreign = await stage.connect(origin="https://evil.example")
    assert await foreign.close_code() == 4403
    own = await stage.connect(origin="https://desk.example")
    await own.sign_in("ann")


async def test_a_restart_is_told_and_readiness_fails_first(make_stage: MakeStage) -> None:
    stage = await make_stage(shutdown_drain_s=0.2)
    client = await stage.connect_as("ann")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{stage.port}", trust_env=False
    ) as http:
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert "botcore_gateway_connections" in (await http.get("/metrics")).text
        assert (await http.get("/nothing")).status_code == 404
        stage.gateway._draining = True
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/ws")).status_code == 503
        stage.gateway._draining = False
    await stage.gateway._drain()
    assert await client.close_code() == 1012


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
    received = [0]
    while received[-1] < 100:
        received.append((await slow.expect("price_update"))["sequence"])
    assert received == sorted(set(received))
    assert len(received) < 100


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
