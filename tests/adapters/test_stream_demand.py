import time

import pytest
import time_machine
from redis.asyncio import Redis

from adapters.stream_demand import (
    DEMAND_KEY,
    DEMAND_TTL_S,
    StreamDemand,
    kline_channel,
    parse_kline_channel,
)
from domain.candles import Timeframe
from domain.errors import Retryable


async def test_a_wish_lasts_as_long_as_it_is_renewed(redis_client: Redis) -> None:
    demand = StreamDemand(redis_client)
    with time_machine.travel(1_000, tick=False) as clock:
        await demand.ask("BTCUSDT", Timeframe.M3)
        await demand.ask("ETHUSDT", Timeframe.MONTH)
        clock.shift(DEMAND_TTL_S - 1)
        await demand.ask("BTCUSDT", Timeframe.M3)
        assert await demand.wanted() == {("BTCUSDT", Timeframe.M3), ("ETHUSDT", Timeframe.MONTH)}
        clock.shift(2)
        assert await demand.wanted() == {("BTCUSDT", Timeframe.M3)}
        clock.shift(DEMAND_TTL_S)
        assert await demand.wanted() == frozenset()
    assert await redis_client.zcard(DEMAND_KEY) == 0


@pytest.mark.parametrize("timeframe", Timeframe)
def test_a_channel_is_read_as_it_was_written(timeframe: Timeframe) -> None:
    channel = kline_channel("BTCUSDT", timeframe)
    assert parse_kline_channel(channel) == ("BTCUSDT", timeframe)


@pytest.mark.parametrize("channel", ["BTCUSDT@ticker", "@kline_1m", "BTCUSDT@kline_7m", ""])
def test_other_channels_are_refused(channel: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_kline_channel(channel)


async def test_what_nobody_understands_is_passed_over(redis_client: Redis) -> None:
    await redis_client.zadd(DEMAND_KEY, {"BTCUSDT@kline_9m": time.time() + 9})
    assert await StreamDemand(redis_client).wanted() == frozenset()


async def test_an_absent_redis_is_a_passing_fault() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        with pytest.raises(Retryable):
            await StreamDemand(nowhere).ask("BTCUSDT", Timeframe.M1)
        with pytest.raises(Retryable):
            await StreamDemand(nowhere).wanted()
