from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.exact_json import load
from adapters.mongo_analytics import MongoAnalytics
from adapters.rabbitmq_messages import read_event
from domain.events import AI_SIGNAL_GENERATED, AI_SIGNAL_SCORED, DomainEvent
from tests.api.people import Edge, bearer
from tests.events import an_event, envelope_of

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
async def token(edge: Edge) -> AsyncIterator[str]:
    analytics = MongoAnalytics(edge.services.connections.database)
    made = [
        _made(0, "BTCUSDT", "Long", "0.8"),
        _made(0, "BTCUSDT", "Short", "0.55"),
        _made(0, "ETHUSDT", "Neutral", "0.1"),
        _made(5, "BTCUSDT", "Long", "0.25"),
        an_event(AI_SIGNAL_SCORED, created_at=NOW - timedelta(days=5)),
    ]
    await analytics.add([read_event(envelope_of(event)) for event in made], NOW)
    yield (await edge.register())["token"]
    await edge.services.connections.database["ai_signal_days"].delete_many({})


def _made(days_ago: int, symbol: str, signal: str, confidence: str) -> DomainEvent:
    event = an_event(
        AI_SIGNAL_GENERATED, symbol=symbol, signal=signal, confidence=Decimal(confidence)
    )
    return DomainEvent(
        event.routing_key, event.message_id, event.data, NOW - timedelta(days=days_ago)
    )


async def ask(edge: Edge, token: str, **query: Any) -> dict[str, Any]:
    answer = await edge.http.get("/api/analytics/signals", params=query, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    found: dict[str, Any] = load(answer.content)
    return found


async def test_signals_by_day_and_symbol(edge: Edge, token: str) -> None:
    found = await ask(edge, token)
    assert [(each["day"], each["symbol"]) for each in found["items"]] == [
        (f"{NOW:%Y-%m-%d}", "ETHUSDT"),
        (f"{NOW:%Y-%m-%d}", "BTCUSDT"),
        (f"{NOW - timedelta(days=5):%Y-%m-%d}", "BTCUSDT"),
    ]
    _, today, earlier = found["items"]
    assert (today["long"], today["short"], today["neutral"], today["signals"]) == (1, 1, 0, 2)
    assert today["confidence_sum"] == Decimal("1.35")
    assert today["confidence_mean"] == Decimal("0.675")
    assert (today["scored"], today["hit_rate"], today["mean_r"]) == (0, None, None)
    assert (earlier["stop"], earlier["hit_rate"], earlier["mean_r"]) == (1, 0, -1)
    assert earlier["model"] == "sandbox-rule-1"


async def test_of_one_symbol_and_some_days(edge: Edge, token: str) -> None:
    assert len((await ask(edge, token, symbol="BTCUSDT", days=7))["items"]) == 2
    assert len((await ask(edge, token, symbol="BTCUSDT", days=4))["items"]) == 1
    assert (await ask(edge, token, symbol="NOTHING"))["items"] == []


async def test_in_pages(edge: Edge, token: str) -> None:
    found, cursor = [], None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = await ask(edge, token, **query)
        found += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == (await ask(edge, token))["items"]


async def test_for_people_who_are_signed_in(edge: Edge) -> None:
    assert (await edge.http.get("/api/analytics/signals")).status_code == 401


@pytest.mark.parametrize("query", [{"days": 0}, {"days": 367}, {"symbol": "X" * 51}])
async def test_other_questions_are_refused(edge: Edge, token: str, query: dict[str, Any]) -> None:
    answer = await edge.http.get("/api/analytics/signals", params=query, headers=bearer(token))
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] == "INVALID_REQUEST"
