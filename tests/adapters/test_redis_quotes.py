import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from adapters.redis_quotes import (
    RedisQuoteBoard,
    RedisTickWriter,
    Tick,
    latest_frames,
    quote_document,
)
from domain.errors import Retryable
from domain.market import Quote

QUOTE = Quote(
    "BTCUSDT", Decimal("45123.45"), Decimal("45123.4"), Decimal("45123.5"),
    Decimal("25000.12345678"), Decimal("-2.5"), datetime(2025, 10, 10, 12, tzinfo=UTC),
)  # fmt: skip


async def test_a_price_is_read_as_it_was_written_and_expires(redis_client: Redis) -> None:
    writer, board = RedisTickWriter(redis_client), RedisQuoteBoard(redis_client)
    await writer.write([Tick("BTCUSDT", quote_document(QUOTE), "BTCUSDT@ticker", None)])
    assert await board.quote("BTCUSDT") == QUOTE
    assert await board.quote("ETHUSDT") is None
    assert 0 < await redis_client.pttl("price:BTCUSDT") <= 1_000
    assert await latest_frames(redis_client) == {}
    async with asyncio.timeout(20):
        # Redis announces no expiry here; asking is what a reader does, too.
        while await board.quote("BTCUSDT") is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_broadcast_is_kept_for_those_who_come_later(redis_client: Redis) -> None:
    tick = Tick("BTCUSDT", b"{}", "BTCUSDT@ticker", b'{"sequence":7}')
    await RedisTickWriter(redis_client).write([tick])
    assert await latest_frames(redis_client) == {"BTCUSDT@ticker": b'{"sequence":7}'}


async def test_an_absent_redis_is_a_passing_fault() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        with pytest.raises(Retryable):
            await RedisQuoteBoard(nowhere).quote("BTCUSDT")
        with pytest.raises(Retryable):
            await RedisTickWriter(nowhere).write([Tick("B", b"{}", "B@ticker", b"{}")])
        with pytest.raises(Retryable):
            await latest_frames(nowhere)
