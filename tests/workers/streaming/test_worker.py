"""The streaming worker between the real exchange and a real Redis."""

import asyncio
import time
from collections.abc import Callable

import httpx
import pytest
from redis.asyncio import Redis

from adapters.redis_feed import sequence_of
from adapters.redis_quotes import RedisQuoteBoard, latest_frames
from domain.market import Quote
from tests.workers.streaming.conftest import SYMBOLS, Streaming
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server


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
    async with streaming(exchange_url):
        await live_quote(redis_client, "BTCUSDT")
    assert sequence_of((await latest_frames(redis_client))["BTCUSDT@ticker"]) > before


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
