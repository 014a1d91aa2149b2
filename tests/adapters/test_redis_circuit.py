"""A circuit that processes share: these are two of them."""

import asyncio

import pytest
from redis.asyncio import Redis

from adapters.redis_circuit import RedisCircuit
from domain.errors import Retryable
from domain.timing import CIRCUIT_MEMORY_S, CIRCUIT_OPEN_MAX_S, CIRCUIT_OPEN_S

PAUSE = "circuit:a model:pause"


@pytest.fixture
def circuits(redis_client: Redis) -> list[RedisCircuit]:
    return [RedisCircuit(redis_client, "a model", failures=3) for _ in range(2)]


async def fail(circuits: list[RedisCircuit], times: int, retry_after_s: float = 0.0) -> None:
    for number in range(times):
        await circuits[number % 2].failed(retry_after_s)


async def test_it_opens_after_so_many_failures_in_a_row(circuits: list[RedisCircuit]) -> None:
    await fail(circuits, 2)
    await circuits[0].succeeded()
    await fail(circuits, 2)
    assert [await each.wait_s() for each in circuits] == [0, 0]
    await fail(circuits, 1)
    for each in circuits:
        assert 0 < await each.wait_s() <= CIRCUIT_OPEN_S


async def test_one_try_of_all_tells_whether_it_closes(
    circuits: list[RedisCircuit], redis_client: Redis
) -> None:
    await fail(circuits, 3)
    await redis_client.delete(PAUSE)  # it is over
    waits = await asyncio.gather(*(circuits[n % 2].wait_s() for n in range(20)))
    assert sum(wait == 0 for wait in waits) == 1
    await circuits[0].failed()
    assert await circuits[1].wait_s() > 0
    await redis_client.delete(PAUSE)
    assert await circuits[1].wait_s() == 0
    await circuits[1].succeeded()
    assert [await each.wait_s() for each in circuits] == [0, 0]


async def test_a_longer_pause_that_was_asked_for_is_kept(circuits: list[RedisCircuit]) -> None:
    await fail(circuits, 3, retry_after_s=60)
    await fail(circuits, 1)
    assert CIRCUIT_OPEN_S < await circuits[0].wait_s() <= 60


async def test_nothing_is_left_alone_for_good(
    circuits: list[RedisCircuit], redis_client: Redis
) -> None:
    await fail(circuits, 3, retry_after_s=1e18)
    assert 60 < await circuits[0].wait_s() <= CIRCUIT_OPEN_MAX_S
    forgotten_ms = await redis_client.pttl("circuit:a model:failures")
    assert 0 < forgotten_ms <= (CIRCUIT_OPEN_MAX_S + CIRCUIT_MEMORY_S) * 1_000


async def test_models_are_apart(circuits: list[RedisCircuit], redis_client: Redis) -> None:
    await fail(circuits, 3)
    assert await RedisCircuit(redis_client, "another", failures=3).wait_s() == 0


async def test_it_fails_closed_and_counts_what_it_can() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as away:
        circuit = RedisCircuit(away, "a model")
        with pytest.raises(Retryable):
            await circuit.wait_s()
        await circuit.failed()
        await circuit.succeeded()
