"""The throttle's rules, in Redis and in memory alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters import local_throttle
from adapters.local_throttle import Attempt, LocalThrottle, ThrottleLimits
from adapters.redis_throttle import RedisThrottle, address_digest, attempt_of

LIMITS = ThrottleLimits(
    window_s=60,
    per_account_and_address=3,
    per_address=7,
    per_account=8,
    registrations_per_address=4,
)
ME = "somebody@example.com"
HOME = "198.51.100.1"


class InMemory:
    """The local throttle, awaited."""

    def __init__(self, limits: ThrottleLimits) -> None:
        self._throttle = LocalThrottle(limits)

    async def attempt(self, attempt: Attempt) -> int:
        return self._throttle.attempt(attempt)

    async def succeeded(self, attempt: Attempt) -> None:
        self._throttle.succeeded(attempt)

    async def remember(self, attempt: Attempt) -> None:
        self._throttle.remember(attempt)

    async def registration(self, address: str) -> int:
        return self._throttle.registration(address)


Throttle = RedisThrottle | InMemory
MakeThrottle = Callable[[ThrottleLimits], Throttle]


@pytest.fixture(params=["redis", "memory"])
def make_throttle(request: pytest.FixtureRequest, redis_client: Redis) -> MakeThrottle:
    if request.param == "redis":
        return lambda limits: RedisThrottle(redis_client, limits)
    return InMemory


@pytest.fixture
def throttle(make_throttle: MakeThrottle) -> Throttle:
    return make_throttle(LIMITS)


async def fail(throttle: Throttle, email: str, address: str, times: int) -> list[int]:
    return [await throttle.attempt(attempt_of(email, address)) for _ in range(times)]


async def sign_in(throttle: Throttle, email: str, address: str) -> bool:
    attempt = attempt_of(email, address)
    if await throttle.attempt(attempt):
        return False
    await throttle.succeeded(attempt)
    return True


async def test_a_few_failures_are_free_then_it_says_how_long(throttle: Throttle) -> None:
    waits = await fail(throttle, ME, HOME, 5)
    assert waits[:3] == [0, 0, 0]
    assert all(50 < wait <= 60 for wait in waits[3:])


async def test_a_success_forgets_the_failures(throttle: Throttle) -> None:
    for _ in range(4):
        assert await fail(throttle, ME, HOME, 2) == [0, 0]
        assert await sign_in(throttle, ME, HOME)


async def test_successes_count_for_nothing(throttle: Throttle) -> None:
    for number in range(20):
        assert await sign_in(throttle, f"{number}@example.com", HOME)


async def test_many_at_once_do_not_all_pass(throttle: Throttle) -> None:
    attempts = [throttle.attempt(attempt_of(ME, HOME)) for _ in range(20)]
    waits: list[int] = await asyncio.gather(*attempts)
    assert waits.count(0) == 3


async def test_one_address_cannot_try_many_accounts(throttle: Throttle) -> None:
    waits = [(await fail(throttle, f"{n}@example.com", HOME, 1))[0] for n in range(9)]
    assert waits[:7] == [0] * 7
    assert all(waits[7:])
    assert await fail(throttle, "9@example.com", "198.51.100.2", 1) == [0]


async def test_many_addresses_cannot_try_one_account(throttle: Throttle) -> None:
    waits = [(await fail(throttle, ME, f"203.0.113.{n}", 1))[0] for n in range(10)]
    assert waits[:8] == [0] * 8
    assert all(waits[8:])


async def test_guesses_from_elsewhere_do_not_lock_the_owner_out(throttle: Throttle) -> None:
    assert await sign_in(throttle, ME, HOME)
    for n in range(20):
        await fail(throttle, ME, f"203.0.113.{n}", 5)
    assert await sign_in(throttle, ME, HOME)


async def test_where_somebody_registered_is_known(throttle: Throttle) -> None:
    await throttle.remember(attempt_of(ME, HOME))
    for n in range(20):
        await fail(throttle, ME, f"203.0.113.{n}", 1)
        await fail(throttle, f"{n}@example.com", HOME, 1)
    assert await sign_in(throttle, ME, HOME)


async def test_a_neighbour_does_not_lock_the_owner_out(throttle: Throttle) -> None:
    assert await sign_in(throttle, ME, HOME)
    for n in range(20):
        await fail(throttle, f"{n}@example.com", HOME, 1)
    assert await sign_in(throttle, ME, HOME)


async def test_a_known_address_may_not_guess_for_ever(throttle: Throttle) -> None:
    assert await sign_in(throttle, ME, HOME)
    assert [wait > 0 for wait in await fail(throttle, ME, HOME, 5)] == [False] * 3 + [True] * 2


async def test_a_refused_try_does_not_prolong_the_wait(make_throttle: MakeThrottle) -> None:
    limits = ThrottleLimits(1, 1, 100, 100, 100)
    throttle = make_throttle(limits)
    attempt = attempt_of(ME, HOME)
    assert await throttle.attempt(attempt) == 0
    async with asyncio.timeout(3):
        while await throttle.attempt(attempt):  # noqa: ASYNC110 - Redis keeps its own clock
            await asyncio.sleep(0.05)


async def test_registrations_are_limited_per_address(throttle: Throttle) -> None:
    waits = [await throttle.registration(HOME) for _ in range(6)]
    assert [wait > 0 for wait in waits] == [False] * 4 + [True] * 2
    assert await throttle.registration("198.51.100.2") == 0


def test_what_counts_as_one_address() -> None:
    assert address_digest("2001:db8::1") == address_digest("2001:db8::ffff")
    assert address_digest("2001:db8::1") != address_digest("2001:db8:0:1::1")
    assert address_digest("::ffff:198.51.100.1") == address_digest("198.51.100.1")
    assert address_digest("198.51.100.1") != address_digest("198.51.100.2")
    assert address_digest("unknown")


async def test_keys_tell_neither_who_nor_where(redis_client: Redis) -> None:
    throttle = RedisThrottle(redis_client, LIMITS)
    await fail(throttle, ME, HOME, 2)
    await sign_in(throttle, ME, HOME)
    keys: Any = await redis_client.keys("*")
    assert keys
    assert not any(ME.encode() in key or HOME.encode() in key for key in keys)
    for key in keys:
        assert await redis_client.ttl(key) > 0, "nothing stays for ever"


@pytest.fixture
async def broken_redis(unused_tcp_port: int) -> AsyncIterator[Redis]:
    never = Retry(NoBackoff(), 0)
    async with Redis(host="127.0.0.1", port=unused_tcp_port, retry=never) as client:
        yield client


async def test_without_redis_this_process_counts_alone(broken_redis: Redis) -> None:
    throttle = RedisThrottle(broken_redis, LIMITS)
    assert await sign_in(throttle, ME, HOME)
    waits = await fail(throttle, ME, HOME, 5)
    assert [wait > 0 for wait in waits] == [False] * 3 + [True] * 2
    registered: list[Awaitable[int]] = [throttle.registration(HOME) for _ in range(5)]
    assert [wait > 0 for wait in await asyncio.gather(*registered)] == [False] * 4 + [True]


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_throttle, "MAX_COUNTERS", 30)
    throttle = LocalThrottle(LIMITS)
    for number in range(200):
        throttle.attempt(attempt_of(f"{number}@example.com", f"10.0.{number}.1"))
    assert len(throttle._counters) <= 30
