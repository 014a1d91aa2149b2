"""Asking a real server: what is paid for is counted, and what keeps failing is left alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from activities.model_asking import ModelAsking, Question
from activities.prompts import load_prompt
from adapters.ai_budget import RedisAiBudget
from adapters.analysis_metrics import AnalysisMetrics
from adapters.openai_model import OpenAIModel
from adapters.redis_circuit import RedisCircuit
from domain.ai_budget import Allowance, ModelPrices
from domain.analysis import Breach, MarketPicture, Rule
from domain.analysis_ports import ModelReply
from domain.analysis_reply import judge
from domain.candles import Timeframe
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable
from domain.timing import CIRCUIT_OPEN_S
from tests.model_control import ModelControl

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
TOKENS, NANOS = "user:a:tokens", "user:a:nanos"
ATTEMPT_S = 5.0
METERED = "a model of these tests"


@pytest.fixture
async def asking(model_url: str, redis_client: Redis) -> AsyncIterator[ModelAsking]:
    model = OpenAIModel(base_url=f"{model_url}/v1", api_key="", name="sandbox-rule-1")
    allowed = Allowance(1_000_000, 10**12)
    yield ModelAsking(
        model=model,
        budget=RedisAiBudget(redis_client, allowed, allowed),
        prices=ModelPrices(Decimal(1), Decimal(2)),
        prompt=load_prompt(),
        clock=lambda: NOW,
        circuit=RedisCircuit(redis_client, "a model", failures=2),
        meter=AnalysisMetrics(METERED),
    )
    await model.close()


@pytest.fixture
def question(model_control: ModelControl) -> Question:
    indicators: dict[str, Any] = {"ema_9": 3.0, "ema_21": 2.0, "ema_50": 1.0, "rsi": 60.0}
    picture = MarketPicture(
        symbol=model_control.symbol,
        timeframe=Timeframe.H1,
        tick_size=Decimal("0.01"),
        price=Decimal("45190.01"),
        priced_at=NOW,
        candle_open_time=NOW,
        candles=(),
        indicators=indicators,
    )
    return Question("call", picture, ("a",))


def metered(name: str, **labels: str) -> float:
    """Return what `/metrics` would show."""
    return REGISTRY.get_sample_value(f"botcore_ai_{name}", {"model": METERED} | labels) or 0.0


async def spent(redis: Redis) -> list[int]:
    found: list[Any] = await redis.hmget("ai_budget:20260314", [TOKENS, NANOS])
    return [int(each or 0) for each in found]


async def test_real_usage_is_counted(
    asking: ModelAsking, question: Question, redis_client: Redis
) -> None:
    answer = await asking.ask(question, 1, ATTEMPT_S)
    reply = answer.reply
    assert judge(reply, question.picture).opinion is not None
    used = [reply.prompt_tokens, reply.completion_tokens]
    assert await spent(redis_client) == [sum(used), used[0] * 1_000 + used[1] * 2_000]
    assert (answer.payer_id, answer.prompt_version) == ("a", "market_analysis_v1")


async def test_operators_see_what_was_asked(
    asking: ModelAsking, question: Question, model_control: ModelControl
) -> None:
    def seen() -> list[float]:
        return [
            metered("model_calls_total", call="first", outcome="answered"),
            metered("model_calls_total", call="repair", outcome="failed"),
            metered("model_call_seconds_count", outcome="failed"),
            metered("tokens_total", direction="prompt"),
            metered("tokens_total", direction="completion"),
        ]

    before, cost_usd = seen(), metered("cost_usd_total")
    reply = (await asking.ask(question, 1, ATTEMPT_S)).reply
    await model_control.fault("http_error", status=500)
    repair = replace(question, earlier=(reply, Breach(Rule.JSON, "it is not")))
    with pytest.raises(Retryable):
        await asking.ask(repair, 1, ATTEMPT_S)
    used = [reply.prompt_tokens, reply.completion_tokens]
    assert [now - then for now, then in zip(seen(), before, strict=True)] == [1, 1, 1, *used]
    cost = metered("cost_usd_total") - cost_usd
    assert cost == pytest.approx((used[0] + 2 * used[1]) / 1_000_000)


async def test_a_repair_tells_the_rule(
    asking: ModelAsking, question: Question, model_control: ModelControl
) -> None:
    breach = Breach(Rule.NEAR_LIVE_PRICE, "too far")
    await model_control.fault("bad_confidence", match={"contains": "broke the rule NEAR_LIVE"})
    bad = ModelReply("{}", "a model", 1, 1)
    answer = await asking.ask(replace(question, earlier=(bad, breach)), 1, ATTEMPT_S)
    verdict = judge(answer.reply, question.picture)
    assert verdict.breach is not None
    assert verdict.breach.rule is Rule.CONFIDENCE


async def test_a_failed_call_costs_nothing(
    asking: ModelAsking, question: Question, model_control: ModelControl, redis_client: Redis
) -> None:
    await model_control.fault("rate_limit", retry_after_s=7)
    with pytest.raises(Retryable) as failure:
        await asking.ask(question, 1, ATTEMPT_S)
    assert failure.value.extensions["retry_after_s"] == 7
    assert await spent(redis_client) == [0, 0]


async def test_silence_may_have_been_paid_for(
    asking: ModelAsking, question: Question, model_control: ModelControl, redis_client: Redis
) -> None:
    await model_control.fault("delay", delay_ms=5_000)
    with pytest.raises(Retryable):
        await asking.ask(question, 1, 0.2)
    assert (await spent(redis_client))[0] > 1_000


async def test_what_keeps_failing_is_left_alone(
    asking: ModelAsking, question: Question, model_control: ModelControl, redis_client: Redis
) -> None:
    fault_id = await model_control.fault("http_error", status=500)
    for attempt in (1, 2):
        with pytest.raises(Retryable):
            await asking.ask(question, attempt, ATTEMPT_S)
    with pytest.raises(Rejected) as refusal:
        await asking.ask(question, 3, ATTEMPT_S)
    assert refusal.value.code is ErrorCode.AI_UNAVAILABLE
    assert 0 < refusal.value.extensions["retry_after_s"] <= CIRCUIT_OPEN_S
    assert (await model_control.faults())[fault_id]["fired"] == 2
    assert await spent(redis_client) == [0, 0]


async def test_who_may_not_pay_does_not_use_up_the_one_try(
    asking: ModelAsking, question: Question, redis_client: Redis
) -> None:
    for _ in range(2):
        await asking.circuit.failed()
    await redis_client.delete("circuit:a model:pause")  # it is over
    nothing = RedisAiBudget(redis_client, Allowance(100, 100), Allowance(100, 100))
    with pytest.raises(Rejected):
        await replace(asking, budget=nothing).ask(question, 1, ATTEMPT_S)
    await asking.ask(question, 2, ATTEMPT_S)
    assert await asking.circuit.wait_s() == 0


async def test_nobody_is_asked_without_a_budget(
    asking: ModelAsking, question: Question, model_control: ModelControl, redis_client: Redis
) -> None:
    nothing = RedisAiBudget(redis_client, Allowance(100, 100), Allowance(100, 100))
    with pytest.raises(BotCoreError):
        await replace(asking, budget=nothing).ask(question, 1, ATTEMPT_S)
    assert (await model_control.calls())["total"] == 0
