"""How often, and for how much a day."""

import asyncio
from datetime import UTC, datetime, timedelta

from domain.ai_budget import Spending, seconds_to_next_day
from tests.api.routes.ai.analysing import Asker, Desk, refused


async def test_ten_a_minute_however_many_at_once(asker: Asker, desk: Desk) -> None:
    responses = await asyncio.gather(*(asker.post() for _ in range(30)))
    answered = [each for each in responses if each.status_code == 200]
    assert len(answered) == 10
    assert sorted(int(each.headers["RateLimit-Remaining"]) for each in answered) == list(range(10))
    for response in responses:
        if response.status_code != 200:
            refused(response, 429, "RATE_LIMITED")
            assert response.headers["RateLimit-Remaining"] == "0"
            assert 0 < int(response.headers["Retry-After"]) <= 60
            assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"]
    assert (await (await desk.asker()).post()).status_code == 200
    assert await desk.calls() == 1


async def test_what_is_not_valid_does_not_count(asker: Asker) -> None:
    refused(await asker.post(symbol="NOSUCH"), 404, "UNKNOWN_SYMBOL")
    refused(await asker.post(candles=[]), 422, "INVALID_REQUEST")
    assert (await asker.post()).headers["RateLimit-Remaining"] == "9"


async def test_a_spent_budget(asker: Asker, desk: Desk) -> None:
    services = desk.edge.services
    settings, now = services.settings, datetime.now(UTC)
    budget = services.analysis.desk._budget
    await budget.reserve(
        f"all of {asker.user_id}",
        [asker.user_id],
        Spending(settings.ai_tokens_per_day_per_user, 0),
        now,
    )
    response = await asker.post()
    refused(response, 429, "RATE_LIMITED")
    left_s = seconds_to_next_day(now)
    assert left_s - 10 < int(response.headers["Retry-After"]) <= left_s + 1
    assert await desk.calls() == 0
    other = await desk.asker()
    analysis = await other.analyze()
    # What is there already costs nobody anything.
    assert await asker.analyze() == analysis | {"cached": True}


async def test_usage_is_counted_for_who_asked_first(asker: Asker, desk: Desk) -> None:
    await asker.analyze()
    calls = await desk.model.calls(desk.subject.symbol, str(desk.subject.timeframe))
    wanted = calls["prompt_tokens"] + calls["completion_tokens"]
    redis = desk.edge.services.connections.redis
    day = f"ai_budget:{datetime.now(UTC):%Y%m%d}"
    counted = await redis.hget(day, f"user:{asker.user_id}:tokens")
    if counted is None:  # midnight has just passed
        day = f"ai_budget:{datetime.now(UTC) - timedelta(days=1):%Y%m%d}"
        counted = await redis.hget(day, f"user:{asker.user_id}:tokens")
    assert int(counted or 0) == wanted > 0
