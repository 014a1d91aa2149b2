"""A streaming worker between real servers, in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from redis.asyncio import Redis

from adapters.binance_klines import BinanceKlines
from adapters.binance_market import BinanceMarket
from adapters.mongo import Database
from domain.candles import Timeframe
from workers.streaming.worker import Sources, StreamingWorker

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
WITHIN_S = 20

Streaming = Callable[..., AbstractAsyncContextManager[StreamingWorker]]


@pytest.fixture
def streaming(redis_client: Redis, database: Database) -> Streaming:
    """Run a worker: `async with streaming(exchange_url) as worker`."""

    @asynccontextmanager
    async def run(
        exchange_url: str,
        timeframes: Sequence[Timeframe] = (),
        symbols: Sequence[str] = SYMBOLS,
        kept: Database = database,
    ) -> AsyncIterator[StreamingWorker]:
        ready = asyncio.Event()
        stream_url = exchange_url.replace("http", "ws")
        market = BinanceMarket(exchange_url, stream_url, testnet=False)
        klines = BinanceKlines(exchange_url, testnet=False)
        sources = Sources(market, klines, redis_client, kept)
        worker = StreamingWorker(sources, lambda: symbols, timeframes, ready.set)
        task = asyncio.create_task(worker.run())
        async with asyncio.timeout(WITHIN_S):
            await ready.wait()
        try:
            yield worker
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await market.close()
            await klines.close()

    return run
