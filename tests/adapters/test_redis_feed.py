import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from redis.asyncio import Redis

from adapters.redis_feed import RedisFeedReader, RedisUserFeed, channel_of_frame, sequence_of
from domain.errors import Retryable
from domain.events import ACCOUNT_UPDATE, ORDER_UPDATE, POSITION_UPDATE, PrivateFrame

AT = datetime(2025, 10, 10, 12, tzinfo=UTC)


async def test_a_push_appends_announces_and_counts(redis_client: Redis) -> None:
    feed, reader = RedisUserFeed(redis_client), RedisFeedReader(redis_client)
    async with redis_client.pubsub() as pubsub:
        await pubsub.subscribe("feed:ann")
        data = {"order_id": "o", "price": Decimal("45000.10"), "note": '"}:'}
        assert await feed.push("ann", ORDER_UPDATE, data, event_id="e1", at=AT) == 1
        message = None
        async with asyncio.timeout(20):
            while message is None:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1)
    frame = message["data"]
    assert frame == (
        b'{"type":"order_update","channel":"orders",'
        b'"data":{"order_id":"o","price":45000.1,"note":"\\"}:"},'
        b'"timestamp":"2025-10-10T12:00:00.000Z","sequence":1}'
    )
    entries = await reader.after("ann", 0, 10)
    assert [(e.sequence, e.frame) for e in entries] == [(1, frame)]
    assert sequence_of(frame) == 1
    assert channel_of_frame(frame) == "orders"


async def test_the_same_event_again_changes_nothing(redis_client: Redis) -> None:
    feed = RedisUserFeed(redis_client)
    assert await feed.push("ann", ORDER_UPDATE, {}, event_id="e1", at=AT) == 1
    assert await feed.push("ann", ORDER_UPDATE, {}, event_id="e2", at=AT) == 2
    assert await feed.push("ann", ORDER_UPDATE, {"other": 1}, event_id="e1", at=AT) == 1
    assert await redis_client.xlen("feed:ann") == 2
    assert await feed.push("bob", ORDER_UPDATE, {}, event_id="e1", at=AT) == 1


async def test_several_at_once_repeat_only_what_is_missing(redis_client: Redis) -> None:
    feed = RedisUserFeed(redis_client)
    frames = [
        PrivateFrame(kind, {}, f"e-{kind}", AT)
        for kind in (ORDER_UPDATE, POSITION_UPDATE, ACCOUNT_UPDATE)
    ]
    assert await feed.push_many("ann", frames[:2]) == [1, 2]
    assert await feed.push_many("ann", frames) == [1, 2, 3]
    assert await feed.push_many("ann", []) == []
    entries = await RedisFeedReader(redis_client).after("ann", 0, 10)
    assert [orjson.loads(e.frame)["channel"] for e in entries] == [
        "orders", "positions", "account",
    ]  # fmt: skip


async def test_simultaneous_pushes_leave_no_hole_and_no_double(redis_client: Redis) -> None:
    feed = RedisUserFeed(redis_client)
    pushes = [feed.push("ann", ORDER_UPDATE, {}, event_id=f"e{n % 30}", at=AT) for n in range(90)]
    sequences = await asyncio.gather(*pushes)
    assert sorted(set(sequences)) == list(range(1, 31))
    entries = await RedisFeedReader(redis_client).after("ann", 0, 1_000)
    assert [e.sequence for e in entries] == list(range(1, 31))


async def test_a_feed_is_bounded_and_its_sequence_outlives_it(redis_client: Redis) -> None:
    feed = RedisUserFeed(redis_client)
    for start in range(0, 1_500, 100):
        frames = [PrivateFrame(ORDER_UPDATE, {}, f"e{n}", AT) for n in range(start, start + 100)]
        await feed.push_many("ann", frames)
    assert 1_000 <= await redis_client.xlen("feed:ann") <= 1_200
    assert 0 < await redis_client.ttl("feed:ann") <= 7 * 24 * 3_600
    await redis_client.delete("feed:ann")
    assert await feed.push("ann", ORDER_UPDATE, {}, event_id="next", at=AT) == 1_501
    assert await RedisFeedReader(redis_client).last_sequence("ann") == 1_501


async def test_an_absent_redis_is_a_passing_fault() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        with pytest.raises(Retryable):
            await RedisUserFeed(nowhere).push("ann", ORDER_UPDATE, {}, event_id="e", at=AT)
        with pytest.raises(Retryable):
            await RedisFeedReader(nowhere).after("ann", 0, 1)
        with pytest.raises(Retryable):
            await RedisFeedReader(nowhere).last_sequence("ann")
