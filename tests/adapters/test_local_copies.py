import pytest
from redis.asyncio import Redis

from adapters.local_copies import LocalCopies
from adapters.redis_invalidation import Invalidations

NOWHERE = "redis://127.0.0.1:1"


@pytest.fixture
async def heard() -> Invalidations:
    invalidations = Invalidations(Redis.from_url(NOWHERE), NOWHERE)
    invalidations.in_touch = True
    return invalidations


@pytest.fixture
async def copies(heard: Invalidations) -> LocalCopies[str]:
    return LocalCopies(heard, capacity=3)


def value_of(copies: LocalCopies[str], key: str) -> str | None:
    copy = copies.get(key)
    return None if copy is None else copy.value


async def test_what_was_read_is_kept(copies: LocalCopies[str]) -> None:
    with copies.reading("a") as reading:
        reading.keep("1", 60)
    assert value_of(copies, "a") == "1"


async def test_a_read_that_was_overtaken_is_not_kept(
    copies: LocalCopies[str], heard: Invalidations
) -> None:
    with copies.reading("a") as early, copies.reading("b") as other:
        heard._on_message("invalidate:a", b"")
        with copies.reading("a") as late:
            early.keep("old", 60)
            assert value_of(copies, "a") is None
            late.keep("new", 60)
        other.keep("1", 60)
    assert value_of(copies, "a") == "new"
    assert value_of(copies, "b") == "1"
    assert copies._readings == {}


async def test_a_gap_overtakes_everything(copies: LocalCopies[str], heard: Invalidations) -> None:
    copies.put("a", "1", 60)
    with copies.reading("b") as reading:
        heard._on_broken()
        assert value_of(copies, "a") is None
        copies.put("c", "1", 60)
        heard._on_subscribed("invalidate:*")
        reading.keep("1", 60)
    assert [value_of(copies, key) for key in "abc"] == [None, None, None]
    assert copies._readings == {}


async def test_nothing_is_served_while_nothing_is_heard(
    copies: LocalCopies[str], heard: Invalidations
) -> None:
    copies.put("a", "1", 60)
    heard.in_touch = False
    assert copies.get("a") is None


async def test_copies_end(copies: LocalCopies[str]) -> None:
    copies.put("a", "1", 0)
    copies.put("b", "1", 1e-9)
    assert copies.get("a") is None
    assert copies.get("b") is None
    assert copies.size == 0


async def test_the_least_recently_used_go_first(copies: LocalCopies[str]) -> None:
    for key in "abc":
        copies.put(key, key, 60)
    copies.get("a")
    copies.put("d", "d", 60)
    assert [value_of(copies, key) for key in "abcd"] == ["a", None, "c", "d"]
    copies.put("e", "e", 60, size=3)
    assert [value_of(copies, key) for key in "acde"] == [None, None, None, "e"]
    copies.put("f", "f", 60, size=4)
    assert value_of(copies, "f") is None
    assert copies.size == 3
