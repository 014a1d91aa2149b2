"""A replayed hour whose streams are cut at random: every candle is the file's."""

import asyncio
import csv
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from adapters.mongo import Database, Document
from adapters.redis_feed import sequence_of
from domain.candles import Timeframe, next_open_time, open_time_of
from tests.workers.streaming.conftest import Streaming
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server

SYMBOL = "BTCUSDT"
MINUTES = 150
COMPARED = 60
# The hour in ten seconds.
SPEED = 360
CHANNEL = f"public:{SYMBOL}@kline_1m"

Row = tuple[Decimal, ...]


@pytest.fixture
async def exchange(start_server: Callable[[Server], Instance]) -> Instance:
    return await asyncio.to_thread(start_server, servers.EXCHANGE)


def recorded(path: Path, start: datetime, seed: int) -> dict[datetime, Row]:
    """Write a random walk of one-minute candles in Binance's columns; return it by open time."""
    drawn, price, rows = random.Random(seed), 50_000_00, {}
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        for minute in range(MINUTES):
            steps = [price := price + drawn.randint(-900, 900) for _ in range(30)]
            cents = (steps[0], max(steps), min(steps), steps[-1])
            volume = Decimal(drawn.randint(1, 10**9)).scaleb(-5)
            row = (*(Decimal(each).scaleb(-2) for each in cents), volume)
            opens = start + timedelta(minutes=minute)
            open_ms = int(opens.timestamp() * 1_000)
            rest = (open_ms + 59_999, volume * 50_000, 30, volume / 2, volume * 25_000, 0)
            out.writerow((open_ms, *row, *rest))
            rows[opens] = row
    return rows


async def stored(database: Database, timeframe: str) -> list[Document]:
    condition = {"symbol": SYMBOL, "timeframe": timeframe}
    return await database["candles"].find(condition).sort("open_time", 1).to_list(None)


def values(document: Document) -> Row:
    return tuple(
        Decimal(str(document[name])) for name in ("open", "high", "low", "close", "volume")
    )


async def cut_at_random(http: httpx.AsyncClient, seed: int) -> None:
    drawn = random.Random(seed)
    while True:
        await asyncio.sleep(drawn.uniform(0.1, 1.5))
        if drawn.random() < 0.7:
            await http.post("/sandbox/faults", json={"kind": "close_streams", "target": "market"})
            continue
        silence = {"kind": "silence_streams", "target": "market"}
        fault = (await http.post("/sandbox/faults", json=silence)).json()
        await asyncio.sleep(drawn.uniform(0.2, 1.2))
        await http.delete(f"/sandbox/faults/{fault['fault_id']}")


async def all_stored(database: Database, timeframe: str, count: int) -> None:
    async with asyncio.timeout(40):
        while len(await stored(database, timeframe)) < count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Recorded:
    seed: int
    path: Path
    rows: dict[datetime, Row]


@pytest.fixture(params=[1, 2])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Recorded:
    # The recording runs ahead of the clock, as the venue's time never does by much: nothing
    # but what the venue says may tell that a candle is over.
    start = next_open_time(Timeframe.M5, open_time_of(Timeframe.M5, datetime.now(UTC)))
    path = tmp_path / "hour.csv"
    return Recorded(request.param, path, recorded(path, start, request.param))


async def test_candles_are_the_files_whatever_is_cut(
    recording: Recorded,
    exchange: Instance,
    redis_client: Redis,
    database: Database,
    streaming: Streaming,
) -> None:
    rows = recording.rows
    async with (
        httpx.AsyncClient(base_url=exchange.url, trust_env=False) as http,
        redis_client.pubsub() as pubsub,
    ):
        await pubsub.subscribe(CHANNEL)
        replay = {"symbol": SYMBOL, "replay": str(recording.path), "speed": SPEED}
        (await http.post("/sandbox/market", json=replay)).raise_for_status()
        async with streaming(exchange.url, [Timeframe.M1, Timeframe.M5], [SYMBOL]):
            cutting = asyncio.create_task(cut_at_random(http, recording.seed))
            await all_stored(database, "1m", COMPARED)
            cutting.cancel()
            await asyncio.gather(cutting, return_exceptions=True)
            await http.delete("/sandbox/faults")
            await all_stored(database, "5m", COMPARED // 5)
        frames = [frame async for frame in told(pubsub)]
    found = {each["open_time"]: values(each) for each in await stored(database, "1m")}
    assert list(found) == list(rows)[: len(found)]
    assert found == {time: rows[time] for time in found}
    check_merged(await stored(database, "5m"), rows)
    check_told(frames, rows)


def check_merged(documents: list[Document], rows: dict[datetime, Row]) -> None:
    times = list(rows)
    for number, document in enumerate(documents):
        part = [rows[time] for time in times[number * 5 : number * 5 + 5]]
        assert document["open_time"] == times[number * 5]
        opens, highs, lows, closes, volumes = zip(*part, strict=True)
        merged = (opens[0], max(highs), min(lows), closes[-1], sum(volumes))
        assert values(document) == merged


async def told(pubsub: PubSub) -> AsyncIterator[bytes]:
    while (message := await pubsub.get_message(timeout=0.2)) is not None:
        if message["type"] == "message":
            yield message["data"]


def check_told(frames: list[bytes], rows: dict[datetime, Row]) -> None:
    """What subscribers saw: sequences without a hole, each closed candle once, in order."""
    sequences = [sequence_of(frame) for frame in frames]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    candles = [orjson.loads(frame)["data"] for frame in frames]
    closed = [datetime.fromisoformat(each["open_time"]) for each in candles if each["closed"]]
    times = list(rows)
    first = times.index(closed[0])
    assert closed == times[first : first + len(closed)]
    opens = [each["open_time"] for each in candles]
    assert opens == sorted(opens)
