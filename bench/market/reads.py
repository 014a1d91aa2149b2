"""Reads: a price and a cached value through the API's own readers, and over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import aiohttp
from redis.asyncio import Redis

from adapters.redis_leased_values import LeasedValues
from adapters.redis_quotes import RedisQuoteBoard, price_key
from bench.load import cpu_row, paced
from bench.report import Report, percentile
from bench.system import System, private_system
from workers.connections import Connections, Need, open_connections

SYMBOL = "BTCUSDT"
READS = 2_000
READS_PER_S = 500
REQUESTS_PER_S = 200
REQUESTS = 2_000
_WARM_UP = 200
# What a cached value may be: a page of candles.
_PAGE = b"x" * 20_000
_TTL_MS = 60_000
_OK = 200


async def measure_reads(report: Report) -> None:
    """Measure against a private copy of the whole stack, whose prices are live."""
    with private_system() as system:
        await _measure_readers(system, report)
        await _measure_http(system, report)


async def _measure_readers(system: System, report: Report) -> None:
    async with open_connections(system.settings(), {Need.REDIS, Need.CACHE}) as connections:
        board = RedisQuoteBoard(connections.redis)
        await _live(board)

        missed = 0

        async def quote() -> None:
            nonlocal missed
            missed += await board.quote(SYMBOL) is None

        times_ms = await _timed(quote)
        what = f"cache hit, a quote through RedisQuoteBoard, {READS_PER_S}/s"
        report.row(what, times_ms, missed=missed)
        for percent, limit in ((50, 1), (95, 2), (99, 5)):
            value = percentile(times_ms, percent)
            report.goal(f"cache hit p{percent}", f"< {limit} ms", value, met=value < limit)
        await _measure_cache(connections, report)
        async with Redis.from_url(system.settings().redis_url) as bare:

            async def get() -> None:
                await bare.get(price_key(SYMBOL))

            report.row("yardstick: a bare GET of redis-py, the same", await _timed(get))


async def _measure_cache(connections: Connections, report: Report) -> None:
    """Measure the read-through cache: its copy in the process, and the layer in Redis."""
    key = "bench:page"

    async def load() -> bytes:
        return _PAGE

    async def copy() -> None:
        await connections.cache.get(key, _TTL_MS, load)

    await _until_in_touch(connections)
    await copy()
    report.row("cache hit, 20 kB through RedisCache, its copy", await _timed(copy))
    values = LeasedValues(connections.redis)

    async def look_up() -> None:
        await values.look_up(key, "bench")

    report.row("cache hit, 20 kB through RedisCache, its Redis", await _timed(look_up))


async def _timed(read: Callable[[], Awaitable[None]]) -> list[float]:
    async def once() -> float:
        began = perf_counter()
        await read()
        return (perf_counter() - began) * 1000

    await paced(once, _WARM_UP, READS_PER_S)
    return await paced(once, READS, READS_PER_S)


async def _live(board: RedisQuoteBoard) -> None:
    async with asyncio.timeout(30):
        # A price announces nothing to whoever only reads.
        while await board.quote(SYMBOL) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _until_in_touch(connections: Connections) -> None:
    async with asyncio.timeout(10):
        # It is a state of the connection's, which announces nothing either.
        while not (  # noqa: ASYNC110
            connections.invalidations and connections.invalidations.in_touch
        ):
            await asyncio.sleep(0.01)


async def _measure_http(system: System, report: Report) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(system.api_url, connector=connector) as http:
        row = await _requests(system, http, f"/api/market/prices/{SYMBOL}")
        what = f"GET /api/market/prices/{{symbol}}, {REQUESTS_PER_S}/s"
        times_ms = row.pop("times_ms")
        report.row(what, times_ms, **row)
        value = percentile(times_ms, 95)
        report.goal("GET /api/market/prices p95", "< 20 ms", value, met=value < 20)  # noqa: PLR2004 - the goal
        refused = row["refused"]
        name = "GET /api/market/prices, answers without a live price"
        report.goal(name, "0", refused, met=refused == 0)
        row = await _requests(system, http, "/livez")
        report.row(f"yardstick: GET /livez, {REQUESTS_PER_S}/s", row.pop("times_ms"), **row)


async def _requests(system: System, http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    refused = 0

    async def once() -> float:
        nonlocal refused
        began = perf_counter()
        async with http.get(path) as answer:
            await answer.read()
        refused += answer.status != _OK
        return (perf_counter() - began) * 1000

    await paced(once, _WARM_UP, REQUESTS_PER_S)
    before = system.cpu_s()
    times_ms = await paced(once, REQUESTS, REQUESTS_PER_S)
    after = system.cpu_s()
    api = cpu_row({"api": before["api"]}, {"api": after["api"]}, REQUESTS)
    return {"times_ms": times_ms, "per_s": REQUESTS_PER_S, "refused": refused, **api}
