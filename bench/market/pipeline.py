"""From the venue's message to the client's frame: how long it takes, and how many a core takes."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import orjson
from redis.asyncio import Redis

from adapters.redis_quotes import price_key
from bench.load import cpu_s
from bench.market import venue_messages
from bench.market.readers import Crowd, Receipts, readers
from bench.market.stage import Stage
from bench.report import Report, percentile
from workers.stack.children import Child

# So many that each symbol has a message every 200 ms: the worker sends at most one frame in
# 100 ms for each, and what it holds back is not a latency.
PACED_SYMBOLS = 100
PACED_PER_S = 500
PACED_S = 10
PIPELINE_SYMBOLS = 10
# Of market time; about 300 messages each.
PIPELINE_S = 600
PIPELINE_PACED_S = 300
PIPELINE_PER_S = 10_000
NAIVE_S = 60
_WARM_UP_S = 2
_QUIET_SHARE = 0.15
_SETTLED_AFTER_S = 1.0
_STARTS_WITHIN_S = 60.0
_BLAST_WITHIN_S = 45.0


async def measure_pipeline(stage: Stage, report: Report) -> None:
    """Measure the way through at a pace, then what a core takes."""
    await _measure_paced(stage, report)
    await _measure_core(stage, report)


async def _start_worker(stage: Stage, names: Sequence[str], timeframes: Sequence[str]) -> Child:
    """Start the real streaming worker, and wait until it has filled its candles."""
    worker = stage.start(
        "workers.streaming",
        is_ready=lambda child: child.announced,
        BOTCORE_SYMBOLS=json.dumps(names),
        BOTCORE_TIMEFRAMES=json.dumps(timeframes),
    )
    async with asyncio.timeout(_STARTS_WITHIN_S):
        settled, streams = False, -1
        while not settled:
            before_s, before_streams = cpu_s(worker.pid), streams
            await asyncio.sleep(_SETTLED_AFTER_S)
            streams = (await stage.venue.ask("state"))["streams"]
            quiet = cpu_s(worker.pid) - before_s < _QUIET_SHARE * _SETTLED_AFTER_S
            settled = quiet and streams == before_streams > 0
    return worker


async def _measure_paced(stage: Stage, report: Report) -> None:
    names = venue_messages.symbols(PACED_SYMBOLS)
    worker = await _start_worker(stage, names, ["1m"])
    gateway, address = stage.start_gateway()
    channels = [f"{name}@ticker" for name in names]
    crowd = Crowd(f"ws://{address}/ws", stage.tokens(1), channels, keep_frames=True)
    with readers(crowd) as client:
        await stage.venue.ask("pace", symbols=PACED_SYMBOLS, per_s=PACED_PER_S, seconds=_WARM_UP_S)
        await stage.venue.done()
        await asyncio.sleep(1)
        await client.take()
        before_s = cpu_s(worker.pid), cpu_s(gateway.pid)
        await stage.venue.ask("pace", symbols=PACED_SYMBOLS, per_s=PACED_PER_S, seconds=PACED_S)
        sent = await stage.venue.done()
        after_s = cpu_s(worker.pid), cpu_s(gateway.pid)
        await asyncio.sleep(1)
        times_ms = _ways_ms(await client.take())
    by_part = {
        name: round((after - before) * 1000 / sent, 3)
        for name, before, after in zip(("streaming", "gateway"), before_s, after_s, strict=True)
    }
    held_back = sent - len(times_ms)
    report.row(
        f"upstream message in to frame out, {PACED_SYMBOLS} symbols, {held_back} held back",
        times_ms,
        per_s=PACED_PER_S,
        cpu_ms_per_op=round(sum(by_part.values()), 3),
        cpu_ms_per_op_by_part=by_part,
        held_back=held_back,
    )
    for percent, limit in ((50, 5), (99, 50)):
        value = percentile(times_ms, percent)
        report.goal(f"message to frame p{percent}", f"< {limit} ms", value, met=value < limit)
    gateway.stop()
    worker.stop()


def _ways_ms(receipts: Receipts) -> list[float]:
    """Return how long each book took; its bid says when it was sent, in milliseconds."""
    received: dict[float, float] = {}
    for frame, moment_ns in zip(receipts.frames, receipts.moments_ns, strict=True):
        sent_ms = float(orjson.loads(frame)["data"]["bid"])
        received.setdefault(sent_ms, moment_ns / 1e6 - sent_ms)
    return list(received.values())


async def _measure_core(stage: Stage, report: Report) -> None:
    names = venue_messages.symbols(PIPELINE_SYMBOLS)
    worker = await _start_worker(stage, names, venue_messages.TIMEFRAMES)
    report.rows.append(
        {
            "name": f"pipeline, the real worker, {PIPELINE_SYMBOLS} symbols, as fast as it takes",
            **await _blast(stage, worker, PIPELINE_S),
        }
    )
    # At a pace, what is held back and sent together later is what it is in a real market.
    row = await _blast(stage, worker, PIPELINE_PACED_S, PIPELINE_PER_S)
    report.rows.append({"name": f"the same at {PIPELINE_PER_S:,} messages/s", **row})
    per_core = row["per_s_per_core"]
    name = f"pipeline at {PIPELINE_PER_S:,}/s, messages/s/core"
    report.goal(name, f">= {PIPELINE_PER_S:,}", per_core, met=per_core >= PIPELINE_PER_S)
    worker.stop()
    kinds = ["bookTicker", "trade", "ticker"]
    kinds += [f"kline_{timeframe}" for timeframe in venue_messages.TIMEFRAMES]
    streams = "/".join(f"{name.lower()}@{kind}" for name in names for kind in kinds)
    naive = stage.start(
        "bench.market.naive_worker",
        stage.settings.redis_url,
        f"{stage.settings.exchange_ws_url}/stream?streams={streams}",
        is_ready=lambda child: child.announced,
    )
    row = await _blast(stage, naive, NAIVE_S)
    report.rows.append({"name": "yardstick: json.loads, an awaited SET and PUBLISH each", **row})
    naive.stop()


async def _blast(stage: Stage, worker: Child, seconds: int, per_s: int = 0) -> dict[str, Any]:
    """Send so many seconds of market, at a pace or as fast as taken; return the row's columns."""
    loop = asyncio.get_running_loop()
    left = set(venue_messages.symbols(PIPELINE_SYMBOLS))
    async with Redis.from_url(stage.settings.redis_url) as redis, asyncio.timeout(_BLAST_WITHIN_S):
        asked = {"symbols": PIPELINE_SYMBOLS, "seconds": seconds}
        last = str((await stage.venue.ask("prepare", **asked))["last_bid"]).encode()
        before_s, began_s = cpu_s(worker.pid), loop.time()
        await stage.venue.ask("blast", per_s=per_s)
        while left:
            await asyncio.sleep(0.02)
            names = list(left)
            found = await redis.mget([price_key(name) for name in names])
            left = {n for n, told in zip(names, found, strict=True) if last not in (told or b"")}
        used_s, took_s = cpu_s(worker.pid) - before_s, loop.time() - began_s
    sent = await stage.venue.done()
    return {
        "n": sent,
        "per_s": round(sent / took_s),
        "cpu_ms_per_op": round(used_s * 1000 / sent, 4),
        "per_s_per_core": round(sent / used_s),
    }
