"""Streaming workers between real servers: in this process, and as processes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis

from adapters.binance_klines import BinanceKlines
from adapters.binance_market import BinanceMarket
from adapters.mongo import Database
from domain.candles import Timeframe
from workers.stack.children import Child, Launch
from workers.streaming.worker import Sources, StreamingWorker

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
WITHIN_S = 20

# What the workers that run as processes share.
PROCESS_SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "ADAUSDT")
Start = Callable[[], Child]
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


@pytest.fixture
def environment(
    redis_url: str, mongodb_url: str, exchange_url: str, database: Database
) -> dict[str, str]:
    return {
        "BOTCORE_JWT_SECRET": "a secret of the tests, long enough",
        "BOTCORE_CREDENTIALS_KEY": "unused",
        "BOTCORE_MONGODB_URL": mongodb_url,
        "BOTCORE_MONGODB_DATABASE": database.name,
        "BOTCORE_REDIS_URL": redis_url,
        "BOTCORE_EXCHANGE_URL": exchange_url,
        "BOTCORE_SYMBOLS": orjson.dumps(PROCESS_SYMBOLS).decode(),
        "BOTCORE_TIMEFRAMES": '["1m"]',
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def started() -> Child:
        command = (sys.executable, "-m", "workers.streaming")
        log = tmp_path / f"streaming-{len(children)}.log"
        children.append(Child(log.stem, Launch(command, environment), log))
        return children[-1]

    yield started
    for child in children:
        if child.exit_code is None:
            os.kill(child.pid, signal.SIGCONT)
            child.stop()


async def ready(*children: Child) -> None:
    for child in children:
        await asyncio.to_thread(child.wait_ready, partial(getattr, child, "announced"), 60)
