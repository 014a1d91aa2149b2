"""Tickers and candles over real sockets."""

import asyncio
import time

import orjson
import pytest
from redis.asyncio import Redis

from adapters.stream_demand import DEMAND_KEY
from tests.workers.gateway.conftest import MakeStage, Stage, until


async def _publish(redis: Redis, channel: str, sequence: int, second: int = 0) -> None:
    frame = {
        "type": "kline_update" if "kline" in channel else "price_update",
        "channel": channel,
        "data": {"symbol": channel.partition("@")[0]},
        "timestamp": f"2025-10-10T12:00:{second:02}.000Z",
        "sequence": sequence,
    }
    await redis.publish(f"public:{channel}", orjson.dumps(frame))


async def _wish(stage: Stage, channel: str) -> float:
    """Wait until candles are asked for; return until when."""
    async with asyncio.timeout(20):
        while True:
            until_s = await stage.redis.zscore(DEMAND_KEY, channel)
            if until_s is not None:
                return float(until_s)


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


async def test_candles_are_asked_for_and_delivered(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    channel = "ETHUSDT@kline_3d"
    told = await client.subscribe(channel, "BTCUSDT@ticker")
    assert told["snapshot"] == {channel: None, "BTCUSDT@ticker": None}
    assert await _wish(stage, channel) > time.time() + 30
    assert await stage.redis.zcard(DEMAND_KEY) == 1
    await _publish(stage.redis, channel, 1)
    frame = await client.expect("kline_update")
    assert (frame["channel"], frame["sequence"]) == (channel, 1)
    other = await stage.connect_as("bob")
    assert (await other.subscribe(channel))["snapshot"][channel] == frame


async def test_candles_are_asked_for_while_anybody_listens(
    make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.gateway.demand.RENEW_EVERY_S", 0.05)
    stage = await make_stage()
    channel = "BTCUSDT@kline_1m"
    client, other = await stage.connect_as("ann"), await stage.connect_as("bob")
    for each in (client, other):
        await each.subscribe(channel)
    await client.say(type="unsubscribe", channels=[channel])
    await client.expect("unsubscribed")
    for _ in range(3):
        await stage.redis.delete(DEMAND_KEY)
        await _wish(stage, channel)
    await other.socket.close()
    await until(lambda: not stage.gateway._services.public.wanted())
    # What was asked for before that has arrived once something later has.
    for later in ("ETHUSDT@kline_1m", "ETHUSDT@kline_5m"):
        await client.subscribe(later)
        await _wish(stage, later)
        await stage.redis.zrem(DEMAND_KEY, channel)
    await _wish(stage, later)
    assert await stage.redis.zscore(DEMAND_KEY, channel) is None


async def test_channels_that_do_not_exist_are_refused_and_nothing_happens(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    for channel, code in (
        ("NOSUCHUSDT@ticker", "UNKNOWN_SYMBOL"),
        ("NOSUCHUSDT@kline_1m", "UNKNOWN_SYMBOL"),
        ("BTCUSDT@kline_7m", "INVALID_REQUEST"),
        ("BTCUSDT@kline_", "INVALID_REQUEST"),
        ("BTCUSDT@depth", "INVALID_REQUEST"),
        ("btcusdt@ticker", "INVALID_REQUEST"),
        ("everything", "INVALID_REQUEST"),
    ):
        await client.say(type="subscribe", channels=["orders", "ETHUSDT@kline_1m", channel])
        error = (await client.expect("error"))["data"]
        assert error["code"] == code
        assert channel.partition("@")[0] in error["detail"]
    await stage.order("ann", 1)
    await _publish(stage.redis, "ETHUSDT@kline_1m", 1)
    await client.silence()
    assert not stage.gateway._services.public.wanted()
    assert not await stage.redis.zcard(DEMAND_KEY)


async def test_a_hole_is_announced_and_the_past_is_not_told_again(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    channel = "BTCUSDT@kline_1m"
    await client.subscribe(channel)
    for sequence, second in ((5, 5), (6, 6), (6, 6), (4, 4), (9, 9), (1, 10), (2, 11)):
        await _publish(stage.redis, channel, sequence, second)
    told: list[object] = []
    while told[-1:] != [2]:
        frame = await client.receive()
        told.append(frame["data"] if frame["type"] == "gap" else frame["sequence"])
    assert told == [5, 6, {"after": 6, "next": 9}, 9, {"after": 9, "next": 1}, 1, 2]


async def test_what_is_no_frame_hurts_nobody(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("BTCUSDT@ticker", "orders")
    for key in ("public:BTCUSDT@ticker", "feed:ann"):
        for nonsense in ("", "{}", '{"type":"dance","sequence":1}', "\x00"):
            await stage.redis.publish(key, nonsense)
    await stage.tick(1)
    assert (await client.expect("price_update"))["sequence"] == 1
    await stage.order("ann", 1)
    assert (await client.expect("order_update"))["sequence"] == 1


async def test_until_the_symbols_are_known_any_is_accepted_and_none_asked_for(
    make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.gateway.demand.RENEW_EVERY_S", 0.05)
    stage = await make_stage()
    stage.symbols.known = None
    client = await stage.connect_as("ann")
    await client.subscribe("BTCUSDT@kline_1m", "NOSUCHUSDT@kline_1m")
    await until(lambda: not stage.gateway._demand._new)
    assert not await stage.redis.zcard(DEMAND_KEY)
    stage.symbols.known = {"BTCUSDT"}
    await _wish(stage, "BTCUSDT@kline_1m")
    assert await stage.redis.zcard(DEMAND_KEY) == 1
    await client.say(type="subscribe", channels=["NOSUCHUSDT@ticker"])
    assert (await client.expect("error"))["data"]["code"] == "UNKNOWN_SYMBOL"
