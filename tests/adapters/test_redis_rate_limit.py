import asyncio

import pytest
from redis.asyncio import Redis

from adapters.redis_rate_limit import RedisRateLimit
from domain.errors import Retryable


async def test_exactly_so_many_at_once(redis_client: Redis, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as other:
        limits = [RedisRateLimit(redis, "test", 10, 60) for redis in (redis_client, other)]
        taken = await asyncio.gather(*(limits[n % 2].take("somebody") for n in range(100)))
    allowed = [each for each in taken if each.is_allowed]
    assert sorted(each.remaining for each in allowed) == list(range(10))
    refused = [each for each in taken if not each.is_allowed]
    assert len(refused) == 90
    assert all(each.remaining == 0 and 0 < each.reset_s <= 60 for each in refused)
    assert refused[0].headers()["RateLimit-Policy"] == "10;w=60"
    assert (await limits[0].take("somebody else")).is_allowed


async def test_the_window_slides(redis_client: Redis) -> None:
    limit = RedisRateLimit(redis_client, "test", 2, 1)
    assert (await limit.take("a")).is_allowed
    await asyncio.sleep(0.6)  # time itself is what is tested
    assert (await limit.take("a")).is_allowed
    assert not (await limit.take("a")).is_allowed
    await asyncio.sleep(0.6)
    # The first has left the window, the second has not.
    assert (await limit.take("a")).is_allowed
    assert not (await limit.take("a")).is_allowed


async def test_it_fails_closed() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as away:
        with pytest.raises(Retryable):
            await RedisRateLimit(away, "test", 10, 60).take("somebody")
