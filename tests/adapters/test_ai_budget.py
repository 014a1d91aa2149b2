import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from adapters.ai_budget import RedisAiBudget
from domain.ai_budget import Allowance, ModelPrices, Reserved, Spending, allowance, spending
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable

NOW = datetime(2026, 3, 14, 23, 59, 30, tzinfo=UTC)
TOMORROW = datetime(2026, 3, 15, tzinfo=UTC)
MOST = Spending(100, 1_000)


def budget_of(redis: Redis, system: int = 10_000, user: int = 1_000) -> RedisAiBudget:
    return RedisAiBudget(redis, Allowance(system, system * 10), Allowance(user, user * 10))


async def used(redis: Redis, who: str) -> list[int]:
    found: list[Any] = await redis.hmget("ai_budget:20260314", [f"{who}:tokens", f"{who}:nanos"])
    return [int(each or 0) for each in found]


async def code_of(call: Any) -> ErrorCode:
    with pytest.raises(BotCoreError) as refusal:
        await call
    return refusal.value.code


async def test_no_more_is_set_aside_than_there_is(redis_client: Redis) -> None:
    budget = budget_of(redis_client)
    calls = (budget.reserve(f"call {n}", ["a"], MOST, NOW) for n in range(50))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, Reserved) for each in outcomes) == 10
    refusals = [each for each in outcomes if isinstance(each, Rejected)]
    assert len(refusals) == 40
    assert {each.code for each in refusals} == {ErrorCode.RATE_LIMITED}
    assert refusals[0].extensions["retry_after_s"] == 30
    assert await used(redis_client, "user:a") == [1_000, 10_000]


async def test_the_first_with_something_left_pays(redis_client: Redis) -> None:
    budget = budget_of(redis_client)
    await budget.reserve("1", ["a"], Spending(950, 0), NOW)
    reserved = await budget.reserve("2", ["a", "b"], MOST, NOW)
    assert reserved.user_id == "b"
    assert await used(redis_client, "user:a") == [950, 0]


async def test_real_usage_takes_the_place_once(redis_client: Redis) -> None:
    budget = budget_of(redis_client)
    reserved = await budget.reserve("1", ["a"], MOST, NOW)
    again = await budget.reserve("1", ["a", "b"], MOST, NOW)
    assert again == reserved
    await asyncio.gather(*(budget.settle(reserved, Spending(7, 70)) for _ in range(5)))
    for who in ("system", "user:a"):
        assert await used(redis_client, who) == [7, 70]
    assert 0 < await redis_client.ttl("ai_budget:20260314") <= 2 * 24 * 3_600


async def test_everybody_shares_the_systems(redis_client: Redis) -> None:
    budget = budget_of(redis_client, system=150)
    await budget.reserve("1", ["a"], MOST, NOW)
    assert await code_of(budget.reserve("2", ["b"], MOST, NOW)) is ErrorCode.AI_UNAVAILABLE
    assert await used(redis_client, "user:b") == [0, 0]
    await budget.reserve("3", ["b"], MOST, TOMORROW)


async def test_money_ends_as_tokens_do(redis_client: Redis) -> None:
    budget = budget_of(redis_client)
    await budget.reserve("1", ["a"], Spending(1, 10_000), NOW)
    assert await code_of(budget.reserve("2", ["a"], MOST, NOW)) is ErrorCode.RATE_LIMITED
    assert await code_of(budget.require("a", NOW)) is ErrorCode.RATE_LIMITED
    await budget.require("b", NOW)
    await budget.reserve("3", ["b"], Spending(1, 10_000), NOW)
    spent = budget_of(redis_client, system=2)
    assert await code_of(spent.require("c", NOW)) is ErrorCode.AI_UNAVAILABLE


async def test_it_fails_closed() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as away:
        budget = budget_of(away)
        with pytest.raises(Retryable):
            await budget.require("a", NOW)
        with pytest.raises(Retryable):
            await budget.reserve("1", ["a"], MOST, NOW)
        with pytest.raises(Retryable):
            await budget.settle(Reserved("20260314", "1", "a"), MOST)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_money_is_never_rounded_down(prompt_tokens: int, completion_tokens: int) -> None:
    prices = ModelPrices(Decimal("0.40"), Decimal("1.60"))
    found = spending(prices, prompt_tokens, completion_tokens)
    assert found.tokens == prompt_tokens + completion_tokens
    assert found.cost_nanos == 400 * prompt_tokens + 1_600 * completion_tokens
    odd = spending(ModelPrices(Decimal("0.0000001"), Decimal(0)), prompt_tokens, 0)
    assert odd.cost_nanos >= Decimal(prompt_tokens) / Decimal(10**4)
    assert allowance(5, Decimal("0.5")) == Allowance(5, 500_000_000)
