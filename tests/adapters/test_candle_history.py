"""Ranges of candles from Redis, MongoDB and the sandbox exchange."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import talib
from redis.asyncio import Redis

from adapters.binance_klines import BinanceKlines
from adapters.candle_history import VENUE_READS_PER_S, VENUE_WAIT_S, CandleHistory, CandleRange
from adapters.exact_json import dump, load
from adapters.mongo import Database
from adapters.mongo_candles import MongoCandles, StoredCandle
from adapters.redis_quotes import candle_key
from domain.candle_view import CandleSource, Enrichment, candle_view
from domain.candles import Candle, Timeframe, open_time_before, open_time_of
from domain.errors import Retryable
from domain.indicators import NO_INDICATORS
from tests.adapters.caching import open_node
from tests.domain.candle_building import candle_at

M1 = Timeframe.M1
MINUTE = timedelta(minutes=1)
AT = datetime(2025, 10, 10, 13, tzinfo=UTC)
ENRICHMENT = Enrichment(CandleSource.STREAM, AT, AT, 7)


class CountingKlines(BinanceKlines):
    """Counts what is asked of the venue."""

    asked = 0

    async def candles(self, *args: Any, **options: Any) -> list[Candle]:
        self.asked += 1
        return await super().candles(*args, **options)


class World:
    """A history with its stores; `away` has none but a venue that cannot be reached."""

    def __init__(self, history: CandleHistory, away: CandleHistory, klines: CountingKlines) -> None:
        self.history = history
        self.away = away
        self.klines = klines


@pytest.fixture
async def world(
    database: Database, redis_client: Redis, redis_url: str, exchange_url: str
) -> AsyncIterator[World]:
    klines = CountingKlines(exchange_url, testnet=False)
    absent = BinanceKlines("http://127.0.0.1:1", testnet=False)
    stored = MongoCandles(database)
    async with open_node(redis_url) as node:
        yield World(
            CandleHistory(stored, redis_client, klines, node.cache),
            CandleHistory(stored, redis_client, absent, node.cache),
            klines,
        )
    await klines.close()
    await absent.close()


def current() -> datetime:
    """Return when the candle in progress began, some seconds before it ends."""
    return open_time_of(M1, datetime.now(UTC))


async def early_in_a_minute() -> datetime:
    """Wait until a minute has some seconds left, so that it does not end in a test."""
    second = datetime.now(UTC).second
    if second > 52:
        await asyncio.sleep(61 - second)
    return current()


def range_of(first: datetime, last: datetime, symbol: str = "BTCUSDT") -> CandleRange:
    return CandleRange(symbol, M1, first, last)


def times(documents: list[bytes]) -> list[datetime]:
    return [datetime.fromisoformat(load(each)["open_time"]) for each in documents]


def minutes(first: datetime, last: datetime) -> list[datetime]:
    return [first + number * MINUTE for number in range((last - first) // MINUTE + 1)]


async def keep(database: Database, *open_times: datetime) -> None:
    await MongoCandles(database).store(
        [StoredCandle(candle_at(time), NO_INDICATORS, ENRICHMENT) for time in open_times]
    )


async def test_what_nobody_has_is_read_from_the_venue(world: World) -> None:
    now = await early_in_a_minute()
    found = await world.history.read(range_of(now - 59 * MINUTE, now))
    assert times(found) == minutes(now - 59 * MINUTE, now)
    read = [load(each) for each in found]
    assert [each["closed"] for each in read] == [True] * 59 + [False]
    truth = await world.klines.candles("BTCUSDT", M1, now - 59 * MINUTE, now - MINUTE)
    for document, candle in zip(read, truth, strict=False):
        assert [document[name] for name in ("open", "high", "low", "close", "volume")] == [
            candle.open, candle.high, candle.low, candle.close, candle.volume,
        ]  # fmt: skip
    assert (read[0]["source"], read[0]["sequence"]) == ("rest", None)


async def test_its_indicators_are_those_of_the_whole_series(world: World) -> None:
    now = await early_in_a_minute()
    whole = await world.klines.candles("BTCUSDT", M1, now - 4_000 * MINUTE, now - MINUTE)
    close = np.array([float(candle.close) for candle in whole])
    found = await world.history.read(range_of(now - 30 * MINUTE, now - MINUTE))
    for name, wanted in (
        ("rsi", talib.RSI(close, 14)),
        ("ema_50", talib.EMA(close, 50)),
        ("macd_signal", talib.MACD(close, 12, 26, 9)[1]),
        ("bb_lower", talib.BBANDS(close, 20, 2, 2)[2]),
    ):
        ours = [float(load(each)["indicators"][name]) for each in found]
        assert ours == pytest.approx(wanted[-30:].tolist(), rel=1e-9, abs=1e-12), name


async def test_what_is_stored_comes_from_there_and_holes_from_the_venue(
    world: World, database: Database
) -> None:
    now = current() - 10 * MINUTE
    await keep(database, now - 4 * MINUTE, now - MINUTE, now)
    found = [load(each) for each in await world.history.read(range_of(now - 5 * MINUTE, now))]
    assert [datetime.fromisoformat(each["open_time"]) for each in found] == minutes(
        now - 5 * MINUTE, now
    )
    assert [each["source"] for each in found] == [
        "rest",
        "stream",
        "rest",
        "rest",
        "stream",
        "stream",
    ]
    assert found[1]["close"] == 105
    assert found[1]["sequence"] == 7
    assert world.klines.asked == 1


async def test_whole_ranges_cost_the_venue_nothing(
    world: World, database: Database, redis_client: Redis
) -> None:
    now = await early_in_a_minute()
    await keep(database, *minutes(now - 9 * MINUTE, now - MINUTE))
    latest = candle_view(candle_at(now, closed=False), NO_INDICATORS, ENRICHMENT)
    await redis_client.set(candle_key("BTCUSDT", M1), dump(latest))
    found = await world.away.read(range_of(now - 9 * MINUTE, now))
    assert times(found) == minutes(now - 9 * MINUTE, now)
    assert found[-1] == dump(latest)
    assert world.klines.asked == 0


async def test_a_latest_candle_that_outlived_its_span_is_not_believed(
    world: World, redis_client: Redis
) -> None:
    over = current() - 2 * MINUTE
    stale = candle_view(
        replace(candle_at(over), closed=False, volume=Decimal(1)), NO_INDICATORS, ENRICHMENT
    )
    await redis_client.set(candle_key("BTCUSDT", M1), dump(stale))
    (found,) = await world.history.read(range_of(over, over))
    assert load(found)["closed"] is True
    assert load(found)["source"] == "rest"


async def test_a_venue_that_is_away(world: World, database: Database) -> None:
    now = await early_in_a_minute()
    await keep(database, *minutes(now - 3 * MINUTE, now - MINUTE))
    # Nothing that is over is missing.
    found = await world.away.read(range_of(now - 3 * MINUTE, now))
    assert times(found) == minutes(now - 3 * MINUTE, now - MINUTE)
    with pytest.raises(Retryable):
        await world.away.read(range_of(now - 4 * MINUTE, now))


async def test_before_the_first_candle_there_are_none(world: World) -> None:
    found = await world.history.read(
        CandleRange("BTCUSDT", M1, current() + 5 * MINUTE, current() + 9 * MINUTE)
    )
    assert found == []
    assert await world.history.read(range_of(current(), current() - MINUTE)) == []


@pytest.mark.parametrize("timeframe", [Timeframe.S1, Timeframe.D3, Timeframe.W1, Timeframe.MONTH])
async def test_the_longest_page_of_any_timeframe(world: World, timeframe: Timeframe) -> None:
    last = open_time_before(timeframe, open_time_of(timeframe, datetime.now(UTC)))
    first = max(
        open_time_before(timeframe, last, 200),
        open_time_of(timeframe, datetime(2018, 1, 1, tzinfo=UTC)),
    )
    wanted = CandleRange("BTCUSDT", timeframe, first, last)
    assert times(await world.history.read(wanted)) == wanted.open_times()


async def test_many_who_ask_for_the_same_ask_once(world: World) -> None:
    now = current() - 5 * MINUTE
    wanted = range_of(now - 9 * MINUTE, now)
    answers = await asyncio.gather(*(world.history.read(wanted) for _ in range(100)))
    assert all(answer == answers[0] for answer in answers)
    assert world.klines.asked == 1


async def test_the_venue_is_not_asked_for_more_than_it_allows(world: World) -> None:
    now = current() - 5 * MINUTE
    asking = [
        world.history.read(range_of(now - number * MINUTE, now - number * MINUTE))
        for number in range(30)
    ]
    clock = asyncio.get_running_loop().time
    began_s = clock()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    took_s = max(VENUE_WAIT_S, clock() - began_s)
    refused = [each for each in answers if isinstance(each, BaseException)]
    assert world.klines.asked == len(answers) - len(refused)
    assert world.klines.asked <= VENUE_READS_PER_S * took_s + 2
    assert all(isinstance(each, Retryable) and each.extensions["retry_after_s"] for each in refused)
    assert refused
