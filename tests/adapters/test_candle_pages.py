from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from adapters.candle_pages import AnnouncedCandles, newest_page_key
from adapters.mongo import Database
from adapters.mongo_candles import StoredCandle
from domain.candle_view import CandleSource, Enrichment
from domain.candles import Timeframe
from domain.indicators import NO_INDICATORS
from tests.adapters.caching import Origin, open_node, until
from tests.domain.candle_building import START, candle_at

AT = datetime(2025, 10, 10, 13, tzinfo=UTC)
CLOSED = StoredCandle(
    candle_at(START), NO_INDICATORS, Enrichment(CandleSource.STREAM, AT, AT, sequence=1)
)


@pytest.mark.parametrize("how", ["store", "correct"])
@pytest.mark.parametrize("limit", [100, 1_000])
async def test_a_candle_that_closes_is_in_the_next_page(
    database: Database, redis_client: Redis, redis_url: str, how: str, limit: int
) -> None:
    candles = AnnouncedCandles(database, redis_client)
    key = newest_page_key("BTCUSDT", Timeframe.M1, limit)
    others = newest_page_key("BTCUSDT", Timeframe.M5, limit)
    async with open_node(redis_url) as node:
        page, other = Origin(b"without"), Origin(b"another timeframe")
        assert await node.cache.get(key, 60_000, page.load) == b"without"
        await node.cache.get(others, 60_000, other.load)
        page.value = b"with"
        await getattr(candles, how)([CLOSED])
        await until(lambda: node.cache._copies.get(key) is None)
        assert await node.cache.get(key, 60_000, page.load) == b"with"
        await node.cache.get(others, 60_000, other.load)
        assert other.reads == 1
    assert await database["candles"].count_documents({}) == 1


async def test_candles_are_stored_without_redis(database: Database) -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        await AnnouncedCandles(database, nowhere).store([CLOSED])
    assert await database["candles"].count_documents({}) == 1
