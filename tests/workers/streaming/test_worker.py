"""The streaming worker between the real exchange and a real Redis."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from adapters.mongo import Database, database_of, open_client
from adapters.redis_feed import sequence_of
from adapters.redis_quotes import RedisQuoteBoard, candle_key, latest_frames
from adapters.stream_demand import DEMAND_KEY, StreamDemand
from domain.candles import Timeframe
from domain.indicators import WINDOW
from domain.market import Quote
from tests.workers.streaming.conftest import SYMBOLS, Streaming
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


async def live_quote(redis: Redis, symbol: str, within_s: float = 20) -> Quote:
    board = RedisQuoteBoard(redis)
    async with asyncio.timeout(within_s):
        while True:
            quote = await board.quote(symbol)
            if quote is not None:
                return quote
            await asyncio.sleep(0.01)


async def gone_quote(redis: Redis, symbol: str) -> None:
    board = RedisQuoteBoard(redis)
    async with asyncio.timeout(20):
        # Redis announces no expiry here; asking is what a reader does, too.
        while await board.quote(symbol) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_prices_are_live_and_broadcast(
    exchange_url: str, redis_client: Redis, streaming: Streaming
) -> None:
    async with streaming(exchange_url) as worker, redis_client.pubsub() as pubsub:
        await pubsub.psubscribe("public:*")
        for symbol in SYMBOLS:
            quote = await live_quote(redis_client, symbol)
            assert 0 < quote.bid <= quote.ask
        sequences: dict[str, list[int]] = {}
        until_s = time.monotonic() + 20
        while sum(map(len, sequences.values())) < 15:
            assert time.monotonic() < until_s
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1)
            if message is not None:
                channel = message["channel"].decode()
                sequences.setdefault(channel, []).append(sequence_of(message["data"]))
        assert set(sequences) <= {f"public:{symbol}@ticker" for symbol in SYMBOLS}
        for found in sequences.values():
            assert found == list(range(found[0], found[0] + len(found)))
        assert worker.dropped == {}


async def test_a_restart_goes_on_counting(
    exchange_url: str, redis_client: Redis, streaming: Streaming
) -> None:
    async with streaming(exchange_url):
        await live_quote(redis_client, "BTCUSDT")
    before = sequence_of((await latest_frames(redis_client))["BTCUSDT@ticker"])
    async with streaming(exchange_url), redis_client.pubsub() as pubsub:
        await pubsub.subscribe("public:BTCUSDT@ticker")
        async with asyncio.timeout(20):
            while (message := await pubsub.get_message(timeout=1)) is None or (
                message["type"] != "message"
            ):
                pass
    assert before < sequence_of(message["data"]) <= before + 3


@pytest.fixture
async def exchange(start_server: Callable[[Server], Instance]) -> Instance:
    return await asyncio.to_thread(start_server, servers.EXCHANGE)


async def test_a_silent_feed_makes_prices_expire_until_it_speaks(
    exchange: Instance, redis_client: Redis, streaming: Streaming
) -> None:
    async with (
        streaming(exchange.url),
        httpx.AsyncClient(base_url=exchange.url, trust_env=False) as http,
    ):
        await live_quote(redis_client, "BTCUSDT")
        fault = {"kind": "silence_streams", "target": "market"}
        (await http.post("/sandbox/faults", json=fault)).raise_for_status()
        await gone_quote(redis_client, "BTCUSDT")
        (await http.delete("/sandbox/faults")).raise_for_status()
        await live_quote(redis_client, "BTCUSDT")


async def test_an_exchange_that_dies_and_returns(
    exchange: Instance, redis_client: Redis, streaming: Streaming
) -> None:
    async with streaming(exchange.url):
        await live_quote(redis_client, "BTCUSDT")
        await asyncio.to_thread(exchange.kill)
        await gone_quote(redis_client, "BTCUSDT")
        await asyncio.to_thread(exchange.start)
        await live_quote(redis_client, "BTCUSDT")


async def candles_stored(database: Database, symbol: str, timeframe: str, count: int) -> None:
    condition = {"symbol": symbol, "timeframe": timeframe}
    async with asyncio.timeout(20):
        while await database["candles"].count_documents(condition) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def frame_of(redis: Redis, channel: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (frame := (await latest_frames(redis)).get(channel)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    frame_read: dict[str, Any] = orjson.loads(frame)
    return frame_read


async def test_candles_are_filled_evaluated_and_kept(
    exchange_url: str, redis_client: Redis, database: Database, streaming: Streaming
) -> None:
    async with streaming(exchange_url, [Timeframe.M1], ["BTCUSDT"]) as worker:
        frame = await frame_of(redis_client, "BTCUSDT@kline_1m")
        await candles_stored(database, "BTCUSDT", "1m", WINDOW - 1)
        assert None not in frame["data"]["indicators"].values()
        kept = await redis_client.get(candle_key("BTCUSDT", "1m"))
        assert isinstance(kept, bytes)
        assert orjson.loads(kept)["open_time"] >= frame["data"]["open_time"]
        assert worker.dropped == {}
    times = await database["candles"].find().sort("open_time", 1).distinct("open_time")
    assert all(later - earlier == MINUTE for earlier, later in pairwise(times))


async def test_candles_that_are_asked_for_are_followed(
    exchange_url: str, redis_client: Redis, database: Database, streaming: Streaming
) -> None:
    async with streaming(exchange_url, [], ["BTCUSDT"]):
        await live_quote(redis_client, "BTCUSDT")
        await StreamDemand(redis_client).ask("BTCUSDT", Timeframe.S1)
        before = await frame_of(redis_client, "BTCUSDT@kline_1s")
        await candles_stored(database, "BTCUSDT", "1s", WINDOW - 1)
        async with asyncio.timeout(20):
            after = before
            while after == before:
                after = await frame_of(redis_client, "BTCUSDT@kline_1s")
        assert after["sequence"] > before["sequence"]
        await redis_client.delete(DEMAND_KEY)
        quiet_s = time.monotonic() + 3
        while time.monotonic() < quiet_s:
            last = await frame_of(redis_client, "BTCUSDT@kline_1s")
            await asyncio.sleep(0.2)
        assert last == await frame_of(redis_client, "BTCUSDT@kline_1s")


async def test_prices_do_not_wait_for_mongodb(
    exchange_url: str,
    redis_client: Redis,
    start_server: Callable[[Server], Instance],
    streaming: Streaming,
) -> None:
    server = await asyncio.to_thread(start_server, servers.MONGODB)
    client = open_client(server.url)
    away = database_of(client, "away")
    await asyncio.to_thread(server.kill)
    async with streaming(exchange_url, [Timeframe.S1], ["BTCUSDT"], away):
        await live_quote(redis_client, "BTCUSDT", within_s=5)
        await asyncio.to_thread(server.start)
        await candles_stored(away, "BTCUSDT", "1s", WINDOW - 1)
        await live_quote(redis_client, "BTCUSDT", within_s=5)
    times = await away["candles"].find().sort("open_time", 1).distinct("open_time")
    assert all(later - earlier == SECOND for earlier, later in pairwise(times))
    client.close()


async def test_how_stale_a_feed_is_can_be_seen(exchange_url: str, streaming: Streaming) -> None:
    async with streaming(exchange_url):
        found = REGISTRY.get_sample_value("botcore_feed_staleness_seconds", {"symbol": "BTCUSDT"})
        assert found is not None
        assert 0 <= found < 5
    assert (
        REGISTRY.get_sample_value("botcore_feed_staleness_seconds", {"symbol": "BTCUSDT"}) is None
    )
