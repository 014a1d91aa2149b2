import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters import redis_invalidation
from adapters.redis_cache import BUSY_WAIT_S, RedisCache
from adapters.redis_leased_values import LEASE_MS
from tests.adapters.caching import Node, Origin, open_node, until

KEY = "things:1"
TTL_MS = 60_000


@pytest.fixture(autouse=True)
def _redis_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a moment without time for it from passing for an outage, which other tests are about."""
    monkeypatch.setattr("adapters.redis_leased_values.REDIS_WAIT_S", 5)


@pytest.fixture
async def node(redis_client: Redis, redis_url: str) -> AsyncIterator[Node]:
    del redis_client  # asked for because it empties Redis
    async with open_node(redis_url) as opened:
        yield opened


@pytest.fixture
async def other(node: Node, redis_url: str) -> AsyncIterator[Node]:
    del node  # the same Redis, emptied once
    async with open_node(redis_url) as opened:
        yield opened


async def test_a_value_is_loaded_once_for_both_layers(node: Node, other: Node) -> None:
    origin = Origin()
    for cache in (node.cache, node.cache, other.cache, other.cache):
        assert await cache.get(KEY, TTL_MS, origin.load) == b"v0"
    assert origin.reads == 1
    assert 0 < await node.redis.pttl(KEY) <= TTL_MS


async def test_that_there_is_nothing_is_remembered_too(node: Node, other: Node) -> None:
    origin = Origin(None)
    for cache in (node.cache, node.cache, other.cache):
        assert await cache.get(KEY, TTL_MS, origin.load) is None
    assert origin.reads == 1
    assert 0 < await node.redis.pttl(KEY) <= 1_000


async def test_a_value_lives_as_long_as_it_was_told(node: Node, other: Node) -> None:
    origin = Origin()
    await node.cache.get(KEY, 300, origin.load)
    await other.cache.get(KEY, 300, origin.load)
    await asyncio.sleep(0.35)
    origin.value = b"v1"
    assert await other.cache.get(KEY, 300, origin.load) == b"v1"
    assert await node.cache.get(KEY, 300, origin.load) == b"v1"
    assert origin.reads == 2


async def test_an_update_reaches_every_copy(node: Node, other: Node) -> None:
    origin = Origin()
    for each in (node, other):
        await each.cache.get(KEY, TTL_MS, origin.load)
    origin.value = b"v1"
    await node.cache.invalidate(KEY)
    assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v1"
    async with asyncio.timeout(5):
        while await other.cache.get(KEY, TTL_MS, origin.load) != b"v1":
            pass
    assert origin.reads == 2


async def test_an_update_by_hand_in_two_steps_reaches_copies(node: Node) -> None:
    """API.md: `PUBLISH invalidate:<key>` then `DEL <key>`, here with a read in between."""
    origin = Origin()
    await node.cache.get(KEY, TTL_MS, origin.load)
    await node.redis.publish(f"invalidate:{KEY}", b"")
    await until(lambda: node.cache._copies.get(KEY) is None)
    assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v0"
    origin.value = b"v1"
    await node.redis.delete(KEY)
    async with asyncio.timeout(5):
        while await node.cache.get(KEY, TTL_MS, origin.load) != b"v1":  # noqa: ASYNC110 - a reader asks
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_load_that_was_overtaken_is_kept_nowhere(
    node: Node, other: Node, *, by_hand: bool
) -> None:
    origin = Origin()
    origin.gate.clear()
    slow = asyncio.create_task(node.cache.get(KEY, TTL_MS, origin.load))
    await until(lambda: origin.reads == 1)
    origin.value = b"v1"
    if by_hand:
        await other.redis.publish(f"invalidate:{KEY}", b"")
        await other.redis.delete(KEY)
    else:
        await other.cache.invalidate(KEY)
    origin.gate.set()
    assert await slow == b"v0"
    for each in (other, node):
        assert await each.cache.get(KEY, TTL_MS, origin.load) == b"v1"


async def test_newcomers_do_not_join_a_load_that_was_overtaken(node: Node) -> None:
    origin = Origin()
    origin.gate.clear()
    slow = asyncio.create_task(node.cache.get(KEY, TTL_MS, origin.load))
    await until(lambda: origin.reads == 1)
    origin.value = b"v1"
    await node.cache.invalidate(KEY)
    fresh = asyncio.create_task(node.cache.get(KEY, TTL_MS, origin.load))
    await until(lambda: origin.reads == 2)
    origin.gate.set()
    assert (await slow, await fresh) == (b"v0", b"v1")


async def test_a_thousand_misses_load_once(node: Node, other: Node) -> None:
    origin = Origin()
    origin.gate.clear()
    readers = [
        asyncio.create_task(each.cache.get(KEY, TTL_MS, origin.load))
        for _ in range(500)
        for each in (node, other)
    ]
    await until(lambda: origin.reads == 1)
    # Longer than an unrenewed lease lives.
    await asyncio.sleep(LEASE_MS / 1000 * 1.3)
    origin.gate.set()
    assert set(await asyncio.gather(*readers)) == {b"v0"}
    assert origin.reads == 1


async def test_a_load_goes_on_when_its_first_reader_leaves(node: Node) -> None:
    origin = Origin()
    origin.gate.clear()
    first = asyncio.create_task(node.cache.get(KEY, TTL_MS, origin.load))
    await until(lambda: origin.reads == 1)
    second = asyncio.create_task(node.cache.get(KEY, TTL_MS, origin.load))
    await asyncio.sleep(0)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    origin.gate.set()
    assert await second == b"v0"
    assert origin.reads == 1


async def test_a_load_that_raises_tells_its_waiters_and_is_tried_again(
    node: Node, other: Node
) -> None:
    gate = asyncio.Event()
    reads = 0

    async def fail() -> bytes:
        nonlocal reads
        reads += 1
        await gate.wait()
        raise LookupError(str(reads))

    waiting = [asyncio.create_task(node.cache.get(KEY, TTL_MS, fail)) for _ in range(50)]
    await until(lambda: reads == 1)
    elsewhere = asyncio.create_task(other.cache.get(KEY, TTL_MS, Origin(b"mended").load))
    gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {repr(outcome) for outcome in outcomes} == {"LookupError('1')"}
    started = asyncio.get_running_loop().time()
    assert await elsewhere == b"mended"
    # The lease was given back, not waited for.
    assert asyncio.get_running_loop().time() - started < LEASE_MS / 1000 / 2
    assert await node.cache.get(KEY, TTL_MS, Origin(b"unread").load) == b"mended"


async def test_a_load_that_hangs_elsewhere_is_not_waited_for_for_ever(
    node: Node, other: Node
) -> None:
    stuck, origin = Origin(), Origin(b"v1")
    stuck.gate.clear()
    hanging = asyncio.create_task(node.cache.get(KEY, TTL_MS, stuck.load))
    await until(lambda: stuck.reads == 1)
    async with asyncio.timeout(BUSY_WAIT_S + 1):
        assert await other.cache.get(KEY, TTL_MS, origin.load) == b"v1"
    stuck.gate.set()
    await hanging


async def test_copies_are_bounded(redis_client: Redis, redis_url: str) -> None:
    async with open_node(redis_url) as opened:
        small = RedisCache(redis_client, opened.invalidations, local_bytes=10_000)
        for number in range(50):
            await small.get(f"things:{number}", TTL_MS, Origin(b"x" * 1_000).load)
        assert small._copies.size <= 10_000
        assert small._copies.get("things:49") is not None
        assert small._copies.get("things:0") is None
        await small.get("things:huge", TTL_MS, Origin(b"x" * 20_000).load)
        assert small._copies.get("things:huge") is None


async def test_what_is_not_invalidated_yet_is_read_at_its_origin(
    node: Node, other: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise RedisError

    origin = Origin()
    await node.cache.get(KEY, TTL_MS, origin.load)
    origin.value = b"v1"
    with monkeypatch.context() as patch:
        patch.setattr(redis_invalidation, "publish_invalidations", refuse)
        await node.cache.invalidate(KEY)
        # Redis can be read, and still has the old value.
        assert await other.cache.get(KEY, TTL_MS, origin.load) == b"v0"
        for reads in (2, 3):
            assert await node.cache.get(KEY, TTL_MS, origin.load) == b"v1"
            assert origin.reads == reads
    await until(lambda: not node.invalidations.unsent(KEY))
    for each in (node, other):
        assert await each.cache.get(KEY, TTL_MS, origin.load) == b"v1"


async def test_what_it_does_is_counted(node: Node, other: Node) -> None:
    def counted(name: str, **labels: str) -> float:
        found = {"kind": "counted", **labels}
        return REGISTRY.get_sample_value(f"botcore_cache_{name}_total", found) or 0.0

    async def fail() -> bytes:
        raise LookupError

    origin, key = Origin(), "counted:1"
    await asyncio.gather(*(node.cache.get(key, TTL_MS, origin.load) for _ in range(3)))
    await node.cache.get(key, TTL_MS, origin.load)
    await other.cache.get(key, TTL_MS, origin.load)
    await node.cache.invalidate(key)
    with pytest.raises(LookupError):
        await node.cache.get(key, TTL_MS, fail)
    assert [counted("hits", layer=layer) for layer in ("local", "redis", "joined")] == [1, 1, 2]
    assert counted("misses") == 2
    assert [counted("loads", outcome=outcome) for outcome in ("ok", "error")] == [1, 1]
    assert counted("invalidations", way="sent") == 1
    # Both nodes hear of it, the one that sent it too.
    await until(lambda: counted("invalidations", way="received") == 2)
