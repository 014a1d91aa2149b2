import asyncio

import pytest
from redis.asyncio import Redis

from adapters.redis_leases import LEASE_TTL_MS, RedisLeases, lease_key
from adapters.redis_quotes import Lease, LeaseLostError, RedisTickWriter, Tick, latest_frames
from domain.errors import Retryable

SHARDS = range(4)


async def test_a_worker_alone_holds_all_and_keeps_its_tokens(redis_client: Redis) -> None:
    leases = RedisLeases(redis_client)
    first = await leases.beat(SHARDS, {})
    assert set(first.held) == set(SHARDS)
    assert len(set(first.held.values())) == 4
    assert await leases.beat(SHARDS, first.held) == first


async def test_two_share_fairly_and_nobody_holds_what_another_has(redis_client: Redis) -> None:
    one, two = RedisLeases(redis_client), RedisLeases(redis_client)
    held = dict((await one.beat(SHARDS, {})).held)
    assert (await two.beat(SHARDS, {})).held == {}
    beat = await one.beat(SHARDS, held)
    assert beat.surplus == 2
    given = {shard: held.pop(shard) for shard in (0, 1)}
    await one.release(given)
    assert set((await two.beat(SHARDS, {})).held) == {0, 1}
    after = await one.beat(SHARDS, held)
    assert (set(after.held), after.surplus) == ({2, 3}, 0)


async def test_who_leaves_is_not_counted(redis_client: Redis) -> None:
    one, two = RedisLeases(redis_client), RedisLeases(redis_client)
    held = (await one.beat(SHARDS, {})).held
    await two.beat(SHARDS, {})
    await one.release(held, leave=True)
    assert set((await two.beat(SHARDS, {})).held) == set(SHARDS)


async def test_a_lease_that_ran_out_is_lost_even_where_nobody_took_it(
    redis_client: Redis,
) -> None:
    leases = RedisLeases(redis_client)
    held = (await leases.beat([0], {})).held
    assert 0 < await redis_client.pttl(lease_key(0)) <= LEASE_TTL_MS
    await redis_client.delete(lease_key(0))
    assert (await leases.beat([0], held)).held == {}
    again = (await leases.beat([0], {})).held
    assert again[0] != held[0]


async def test_only_the_holder_writes_and_a_repeat_is_told_once(redis_client: Redis) -> None:
    lease = Lease(lease_key(0), "mine")
    writer = RedisTickWriter(redis_client, lease)
    tick = Tick("BTCUSDT", b"{}", "BTCUSDT@ticker", b'{"sequence":1}')
    with pytest.raises(LeaseLostError):
        await writer.write([tick])
    assert await latest_frames(redis_client) == {}
    await redis_client.set(lease.key, lease.token)
    async with redis_client.pubsub() as pubsub:
        await pubsub.psubscribe("public:*")
        await writer.write([tick])
        # The same write once more, as a client sends it that heard no answer.
        writer._writes -= 1
        await writer.write([tick])
        await writer.write([tick])
        heard = 0
        async with asyncio.timeout(5):
            while (message := await pubsub.get_message(timeout=0.3)) is not None:
                heard += message["type"] == "pmessage"
    assert heard == 2


async def test_an_absent_redis_is_a_passing_fault() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        with pytest.raises(Retryable):
            await RedisLeases(nowhere).beat(SHARDS, {})
        with pytest.raises(Retryable):
            await RedisLeases(nowhere).release({0: "token"})
