"""What follows an analysis waits for nothing that is away."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from activities.analysis import AnalysisActivities, Telling
from adapters.analysis_metrics import AnalysisMetrics
from adapters.mongo import Database
from adapters.mongo_analyses import MongoAnalyses
from adapters.rabbitmq import RabbitEventBus
from adapters.redis_feed import RedisFeedReader, RedisUserFeed
from domain.analysis import Analysis, MarketPicture, Opinion, Provenance, Signal
from domain.analysis_ports import ModelReply
from domain.candles import Timeframe

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
D = Decimal
METERED = "another model of tests"
ANALYSIS = Analysis(
    analysis_id="an-analysis",
    workflow_id="analysis-BTCUSDT-1h",
    subject="BTCUSDT:1h",
    symbol="BTCUSDT",
    timeframe=Timeframe.H1,
    candle_open_time=NOW,
    price=D(100),
    indicators={"rsi": 50.5, "macd": None},
    opinion=Opinion(Signal.LONG, D("0.8"), "why", D(100), D(90), D(120), D("2.00")),
    provenance=Provenance("a model", "market_analysis_v1", 10, 20, 1.5, is_repaired=True),
    created_at=NOW,
)


class Begun:
    """Keeps what would follow."""

    def __init__(self) -> None:
        self.left: list[list[Telling]] = []

    async def begin(self, analysis: Analysis, user_ids: list[str], left: list[Telling]) -> None:
        assert analysis == ANALYSIS
        assert user_ids
        self.left.append(left)


class NoCopies:
    """A process without a cache."""

    async def forget(self, subject: str) -> None:
        assert subject == ANALYSIS.subject


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    bus = RabbitEventBus(rabbitmq_vhost_url)
    bus.start()
    await bus.ready()
    yield bus
    await bus.close()


def activities(
    database: Database, redis: Redis, bus: RabbitEventBus, begun: Begun
) -> AnalysisActivities:
    unused: Any = None
    return AnalysisActivities(
        history=unused,
        quotes=unused,
        asking=unused,
        meter=AnalysisMetrics(METERED),
        store=MongoAnalyses(database),
        cache=NoCopies(),
        bus=bus,
        feed=RedisUserFeed(redis),
        scoring=begun,
        clock=lambda: NOW,
    )


async def test_what_is_kept_is_what_was_made(
    database: Database, redis_client: Redis, bus: RabbitEventBus
) -> None:
    begun = Begun()
    steps = activities(database, redis_client, bus, begun)
    await steps.keep(ANALYSIS, ["a", "b"])
    await steps.share(ANALYSIS, ["a", "b", "c"])
    assert begun.left == [[]]
    store = MongoAnalyses(database)
    assert await store.fresh(ANALYSIS.subject, NOW) == ANALYSIS
    assert await store.fresh(ANALYSIS.subject, ANALYSIS.expires_at) is None
    for user_id in ("a", "b", "c"):
        assert await store.analysis("an-analysis", user_id) is not None
        assert await RedisFeedReader(redis_client).last_sequence(user_id) == 1
    assert await store.analysis("an-analysis", "d") is None
    await store.share("an-analysis", "d")
    assert await store.analysis("an-analysis", "d") is not None


async def test_a_broker_that_is_away_holds_up_no_answer(
    database: Database, redis_client: Redis
) -> None:
    away = RabbitEventBus("amqp://guest:guest@127.0.0.1:1/")
    away.start()
    begun = Begun()
    await activities(database, redis_client, away, begun).keep(ANALYSIS, ["a"])
    assert begun.left == [[Telling.PUBLISH]]
    assert await MongoAnalyses(database).fresh(ANALYSIS.subject, NOW) == ANALYSIS
    assert await RedisFeedReader(redis_client).last_sequence("a") == 1
    await away.close()


async def test_operators_see_verdicts_and_what_is_kept(
    database: Database, redis_client: Redis, bus: RabbitEventBus
) -> None:
    def seen(name: str, **labels: str) -> float:
        found = REGISTRY.get_sample_value(f"botcore_ai_{name}_total", {"model": METERED} | labels)
        return found or 0.0

    def counts() -> list[float]:
        return [
            seen("verdicts", rule="JSON"),
            seen("verdicts", rule="none"),
            seen("analyses", signal="Long", repaired="true"),
        ]

    steps, before = activities(database, redis_client, bus, Begun()), counts()
    picture = MarketPicture(
        "BTCUSDT", Timeframe.H1, D("0.01"), D(100), NOW, NOW, candles=(), indicators={}
    )
    neutral = '{"reasoning":"why","signal":"Neutral","confidence":1,"suggested_entry":null,'
    neutral += '"suggested_stop_loss":null,"suggested_take_profit":null}'
    for content in ("{", neutral):
        await steps.judge(ModelReply(content, "a model", 1, 1), picture)
    await steps.keep(ANALYSIS, ["a"])
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 1, 1]
