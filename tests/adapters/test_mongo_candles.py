"""Closed candles in MongoDB."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from pymongo.errors import BulkWriteError

from adapters.mongo import Database
from adapters.mongo_candles import MongoCandles, StoredCandle
from domain.candle_view import CandleSource, Enrichment, candle_view
from domain.candles import Candle, Timeframe
from domain.indicators import NO_INDICATORS, Indicators
from tests.domain.candle_building import START, candle_at, random_walk

M1 = Timeframe.M1
MINUTE = timedelta(minutes=1)
AT = datetime(2025, 10, 10, 13, 0, 0, 123_000, tzinfo=UTC)
ENRICHMENT = Enrichment(CandleSource.STREAM, AT, AT + timedelta(milliseconds=2), 7)
SOME = Indicators(*(number / 7 for number in range(len(Indicators._fields))))


def stored(candle: Candle, indicators: Indicators = SOME) -> StoredCandle:
    return StoredCandle(candle, indicators, ENRICHMENT)


async def documents(database: Database) -> list[dict[str, Any]]:
    return await database["candles"].find({}, {"_id": False}).sort("open_time", 1).to_list(None)


@pytest.fixture
def candles(database: Database) -> MongoCandles:
    return MongoCandles(database)


async def test_a_candle_comes_back_as_clients_see_it(
    database: Database, candles: MongoCandles
) -> None:
    candle = candle_at(START, prices=("0.00001234", "0.00001300", "0.00001200", "0.0000125"))
    await candles.store([stored(candle), stored(candle_at(START + MINUTE), NO_INDICATORS)])
    first, second = await candles.between("BTCUSDT", M1, START, START + MINUTE, 10)
    assert first == candle_view(candle, SOME, ENRICHMENT)
    assert list(first["indicators"]) == list(Indicators._fields)
    assert second["indicators"]["rsi"] is None
    raw = database.client.get_database(database.name)
    kept = await raw["candles"].find_one({"open_time": START})
    assert kept is not None
    assert kept["low"] == Decimal128("0.00001200")
    assert isinstance(kept["indicators"]["macd"], float)


async def test_a_repeat_leaves_what_is_there_and_adds_what_is_not(
    database: Database, candles: MongoCandles
) -> None:
    walk = random_walk(5)
    await candles.store([stored(candle) for candle in walk[:3]])
    before = await documents(database)
    other = [replace(candle, close=candle.low) for candle in walk]
    await candles.store([stored(candle, NO_INDICATORS) for candle in other])
    after = await documents(database)
    assert after[:3] == before
    assert [each["close"] for each in after[3:]] == [candle.low for candle in walk[3:]]
    await candles.store([])


async def test_many_at_once_store_each_candle_once(
    database: Database, candles: MongoCandles
) -> None:
    walk = random_walk(50)
    records = [stored(candle) for candle in walk]
    await asyncio.gather(*(candles.store(records) for _ in range(8)))
    await asyncio.gather(*(candles.correct(records) for _ in range(4)))
    assert await candles.latest("BTCUSDT", M1, 100) == walk
    assert await database["candles"].count_documents({}) == len(walk)


async def test_a_correction_takes_the_place(database: Database, candles: MongoCandles) -> None:
    walk = random_walk(3)
    await candles.store([stored(candle) for candle in walk[:2]])
    corrected = [replace(candle, close=candle.low) for candle in walk[1:]]
    await candles.correct([stored(candle, NO_INDICATORS) for candle in corrected])
    assert await candles.latest("BTCUSDT", M1, 5) == [walk[0], *corrected]
    assert [each["indicators"]["rsi"] for each in await documents(database)] == [0.0, None, None]


async def test_ranges_and_the_newest_oldest_first(candles: MongoCandles) -> None:
    walk = random_walk(10)
    others = random_walk(10, timeframe=Timeframe.M5)
    elsewhere = [replace(candle, symbol="ETHUSDT") for candle in walk]
    await candles.store([stored(candle) for candle in (*reversed(walk), *others, *elsewhere)])
    assert await candles.latest("BTCUSDT", M1, 4) == walk[-4:]
    assert await candles.latest("SOLUSDT", M1, 4) == []

    async def times(start: int, end: int, limit: int = 100) -> list[datetime]:
        found = await candles.between(
            "BTCUSDT", M1, START + start * MINUTE, START + end * MINUTE, limit
        )
        return [each["open_time"] for each in found]

    assert await times(2, 5) == [candle.open_time for candle in walk[2:6]]
    assert await times(-5, 100, 3) == [candle.open_time for candle in walk[:3]]
    assert await times(5, 2) == []


async def test_ranges_reach_into_the_archive(database: Database, candles: MongoCandles) -> None:
    walk = random_walk(10)
    await candles.store([stored(candle) for candle in walk])
    old = await database["candles"].find({"open_time": {"$lt": START + 6 * MINUTE}}).to_list(None)
    await database["archive_candles"].insert_many(old)
    # Two of them are still in both.
    await database["candles"].delete_many({"open_time": {"$lt": START + 4 * MINUTE}})
    found = await candles.between("BTCUSDT", M1, START, START + 9 * MINUTE, 100)
    assert [each["open_time"] for each in found] == [candle.open_time for candle in walk]
    found = await candles.between("BTCUSDT", M1, START, START + 2 * MINUTE, 2)
    assert [each["open_time"] for each in found] == [candle.open_time for candle in walk[:2]]


async def test_what_is_no_candle_is_refused(database: Database, candles: MongoCandles) -> None:
    bad = replace(candle_at(START), symbol="")
    with pytest.raises(BulkWriteError):
        await candles.store([stored(candle_at(START)), stored(bad)])
    document = candle_view(candle_at(START + MINUTE), SOME, ENRICHMENT)
    with pytest.raises(Exception, match="validation"):
        await database["candles"].insert_one(document | {"open_time": 1_760_000_000_000})
    with pytest.raises(Exception, match="validation"):
        await database["candles"].insert_one(document | {"close": 1.5})
    await database["candles"].insert_one(document | {"sequence": None, "close": Decimal(1)})


async def test_ranges_are_read_from_the_index(database: Database) -> None:
    condition = {"symbol": "BTCUSDT", "timeframe": "1m", "open_time": {"$gte": START}}
    plan = str(await database["candles"].find(condition).sort("open_time", 1).explain())
    assert "IXSCAN" in plan
    assert "'SORT'" not in plan
