"""Fan-out: a thousand connections on one channel, and the same with readers that stall."""

import asyncio
from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import monotonic_ns

import httpx
import numpy as np
import orjson
import psutil
from redis.asyncio import Redis

from adapters.redis_quotes import LATEST_FRAMES_KEY, public_key
from bench.load import cpu_s, system_s
from bench.market.readers import Crowd, Readers, readers
from bench.market.stage import Stage
from bench.market.stalled import stalled_readers
from bench.report import Report, percentile

CONNECTIONS = 1_000
UPDATES_PER_S = 20
STALLED = CONNECTIONS // 100
CHANNEL = "S000USDT@ticker"
# What stalled readers listen to, too: enough bytes that being stalled shows in seconds.
HEAVY_CHANNEL = "S001USDT@ticker"
_HEAVY_BYTES = 65_536
_ROUNDS = 3
_ROUND_S = 3.0
_CALM_S = 5.0
# Long enough for a stalled reader to be given up: 10 s behind, 5 s to answer the close.
_STALLED_S = 17.0
# A server that is overloaded may take this long to deliver what it was given.
_SETTLE_S = 30.0


@dataclass(slots=True)
class Lane:
    """One server under measurement, its readers, and what was measured so far."""

    pid: int
    crowd: Readers
    publisher: "Publisher"
    times_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    system_s: float = 0.0
    reader_cpu_s: float = 0.0
    missing: int = 0

    def cpu_ms_per_delivery(self) -> float:
        """Return the server's CPU milliseconds for one frame to one client."""
        return self.cpu_s * 1000 / max(1, len(self.times_ms))


def update_frame(channel: str, sequence: int, padding: str = "") -> bytes:
    """Return a price update as the streaming worker publishes it."""
    data = {
        "symbol": channel.partition("@")[0],
        "price": "54510.78000000",
        "bid": "54507.98000000",
        "ask": "54509.07000000",
        "volume_24h": "18234.51230000",
        "change_24h": "1.274",
        "timestamp": "2026-11-23T22:41:15.663Z",
        "volume": "18234.51230000",
        **({"padding": padding} if padding else {}),
    }
    return orjson.dumps(
        {
            "type": "price_update",
            "channel": channel,
            "data": data,
            "timestamp": "2026-11-23T22:41:15.663Z",
            "sequence": sequence,
        }
    )


class Publisher:
    """Publishes at a pace, on one channel of Redis, and remembers when."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis = redis
        self._key = key
        self._sent_ns = array("q", [0])

    async def publish(self, seconds: float, heavy_key: str | None = None) -> int:
        """Publish for so long; return how many updates."""
        loop = asyncio.get_running_loop()
        began_s, count = loop.time(), int(seconds * UPDATES_PER_S)
        for number in range(count):
            await asyncio.sleep(max(0.0, began_s + number / UPDATES_PER_S - loop.time()))
            sequence = len(self._sent_ns)
            frame = update_frame(CHANNEL, sequence)
            self._sent_ns.append(monotonic_ns())
            await self._redis.publish(self._key, frame)
            if heavy_key is not None:
                heavy = update_frame(HEAVY_CHANNEL, sequence, "x" * _HEAVY_BYTES)
                await self._redis.publish(heavy_key, heavy)
        return count

    def latencies_ms(self, sequences: "array[int]", moments_ns: "array[int]") -> list[float]:
        """Return how long after its publication each update was received."""
        sent = np.array(self._sent_ns)[np.array(sequences, dtype=np.int64)]
        return list(((np.array(moments_ns, dtype=np.int64) - sent) / 1e6).tolist())


async def measure(lane: Lane, seconds: float, heavy_key: str | None = None) -> list[float]:
    """Publish for so long, wait until all was received, and add it to the lane."""
    await lane.crowd.take()
    before_s, readers_before_s = cpu_s(lane.pid), cpu_s(lane.crowd.pid)
    system_before_s = system_s(lane.pid)
    expected = CONNECTIONS * await lane.publisher.publish(seconds, heavy_key)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + _SETTLE_S
    # The other process's count announces nothing.
    while await lane.crowd.count() < expected and loop.time() < deadline_s:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    lane.cpu_s += cpu_s(lane.pid) - before_s
    lane.system_s += system_s(lane.pid) - system_before_s
    lane.reader_cpu_s += cpu_s(lane.crowd.pid) - readers_before_s
    receipts = await lane.crowd.take()
    times_ms = lane.publisher.latencies_ms(receipts.sequences, receipts.moments_ns)
    lane.missing += expected - len(times_ms)
    lane.times_ms += times_ms
    return times_ms


async def measure_fan_out(stage: Stage, report: Report) -> None:
    """Measure the gateway, both yardsticks, and the gateway with readers that stall."""
    async with Redis.from_url(stage.settings.redis_url) as redis:
        for channel in (CHANNEL, HEAVY_CHANNEL):
            await redis.hset(LATEST_FRAMES_KEY, channel, update_frame(channel, 0))
        gateway, address = stage.start_gateway()
        with ExitStack() as crowds:
            tokens = stage.tokens(CONNECTIONS)
            crowd = Crowd(f"ws://{address}/ws", tokens, [CHANNEL])
            publisher = Publisher(redis, public_key(CHANNEL))
            ours = Lane(gateway.pid, crowds.enter_context(readers(crowd)), publisher)
            with ExitStack() as yardsticks:
                bare = _yardstick(stage, redis, "bare_picows", yardsticks)
                plain = _yardstick(stage, redis, "plain_fastapi", yardsticks)
                await _compare((ours, bare, plain), report)
            await _stall(stage, ours, address, report)
        gateway.stop()


def _yardstick(stage: Stage, redis: Redis, name: str, stack: ExitStack) -> Lane:
    key = f"bench:{name}"
    child, port = stage.start_listening(f"bench.market.{name}", stage.settings.redis_url, key)
    stack.callback(child.stop)
    crowd = Crowd(f"ws://127.0.0.1:{port}/ws", [""] * CONNECTIONS)
    return Lane(child.pid, stack.enter_context(readers(crowd)), Publisher(redis, key))


async def _compare(lanes: Sequence[Lane], report: Report) -> None:
    for lane in lanes:
        await lane.publisher.publish(0.5)  # warm
        await asyncio.sleep(1)
    for _ in range(_ROUNDS):
        for lane in lanes:
            await measure(lane, _ROUND_S)
    ours, bare, plain = lanes
    load = f"{CONNECTIONS:,} connections, {UPDATES_PER_S} updates/s"
    _row(report, f"fan-out, {load}", ours)
    _row(report, "yardstick: the same from a bare picows broadcast", bare)
    _row(report, "yardstick: the same from FastAPI awaiting each send_json", plain)
    for name, limit, percent in (("p50", 15, 50), ("p99", 40, 99)):
        value = percentile(ours.times_ms, percent)
        report.goal(f"fan-out {name}", f"< {limit} ms", value, met=value < limit)
    fewer = plain.cpu_ms_per_delivery() / ours.cpu_ms_per_delivery()
    report.goal("fan-out, times less CPU than FastAPI", ">= 2.5", fewer, met=fewer >= 2.5)  # noqa: PLR2004 - the goal
    more = ours.cpu_ms_per_delivery() / bare.cpu_ms_per_delivery()
    report.goal("fan-out, CPU of the bare broadcast's", "<= 1.3", more, met=more <= 1.3)  # noqa: PLR2004 - the goal
    report.goal("fan-out, updates not delivered", "0", ours.missing, met=ours.missing == 0)


def _row(report: Report, name: str, lane: Lane) -> None:
    report.row(
        name,
        lane.times_ms,
        cpu_ms_per_op=round(lane.cpu_ms_per_delivery(), 5),
        # What the kernel's sending costs is the floor of every server.
        cpu_ms_per_op_in_kernel=round(lane.system_s * 1000 / max(1, len(lane.times_ms)), 5),
        readers_cpu_ms_per_op=round(lane.reader_cpu_s * 1000 / max(1, len(lane.times_ms)), 5),
        missing=lane.missing,
    )


async def _stall(stage: Stage, ours: Lane, address: str, report: Report) -> None:
    """Measure the others while a hundredth stalls, between two measurements without."""
    heavy_key = public_key(HEAVY_CHANNEL)
    rss = psutil.Process(ours.pid).memory_info
    calm_ms = await measure(ours, _CALM_S, heavy_key)
    before_bytes = rss().rss
    tokens = stage.tokens(CONNECTIONS + STALLED)[CONNECTIONS:]
    with stalled_readers(address, tokens, [CHANNEL, HEAVY_CHANNEL]):
        stalled_ms = await measure(ours, _STALLED_S, heavy_key)
        after_bytes = rss().rss
        left = await asyncio.to_thread(_connections, address)
    calm_ms += await measure(ours, _CALM_S, heavy_key)
    before_mib, after_mib = before_bytes / 2**20, after_bytes / 2**20
    closed = CONNECTIONS + STALLED - left
    report.row("fan-out, before and after readers stall", calm_ms)
    report.row(
        f"fan-out, {STALLED} more readers stalled, {closed} of them closed for it",
        stalled_ms,
        rss_before_mib=round(before_mib, 1),
        rss_after_mib=round(after_mib, 1),
        stalled_closed=closed,
    )
    growth = percentile(stalled_ms, 99) / percentile(calm_ms, 99) - 1
    name = "fan-out p99 of the others, growth with 1 % stalled"
    report.goal(name, "< 0.2", growth, met=growth < 0.2)  # noqa: PLR2004 - the goal
    name = f"fan-out, MiB more with 1 % stalled, from {before_mib:.0f}"
    grown_mib = after_mib - before_mib
    report.goal(name, "< 10", grown_mib, met=grown_mib < 10)  # noqa: PLR2004 - a stalled reader's share


def _connections(address: str) -> int:
    text = httpx.get(f"http://{address}/metrics").text
    line = next(each for each in text.splitlines() if each.startswith("botcore_gateway_conn"))
    return int(float(line.rsplit(" ", 1)[1]))
