import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from adapters import mongo
from adapters.mongo import Database
from adapters.mongo_analyses import MongoAnalyses
from adapters.mongo_analytics import MongoAnalytics
from adapters.rabbitmq import RabbitEventBus
from adapters.rabbitmq_topology import AI_SIGNALS_QUEUE
from domain.analysis import Analysis, Opinion, Provenance, Signal
from domain.analysis_view import signal_event
from domain.candles import Timeframe
from tests.events import consuming, publishing
from tests.trading_floor import until
from workers import analytics, connections
from workers.analytics_consumer import SignalCount


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    async with publishing(rabbitmq_vhost_url) as bus:
        await bus.ready()
        yield bus


def an_analysis(number: int) -> Analysis:
    return Analysis(
        analysis_id=f"a{number}",
        workflow_id="analysis-x",
        subject="BTCUSDT:1h",
        symbol="BTCUSDT",
        timeframe=Timeframe.H1,
        candle_open_time=datetime.now(UTC),
        price=Decimal(3),
        indicators={},
        opinion=Opinion(Signal.NEUTRAL, Decimal("0.123456"), "because"),
        provenance=Provenance("one", "v1", 1, 1, 1.0, is_repaired=False),
        # Away from midnight, so that the day does not end while this runs.
        created_at=datetime.now(UTC) - timedelta(days=2),
    )


@pytest.fixture
def _environment(mongodb_url: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MONGODB_URL": mongodb_url,
        "MONGODB_DATABASE": database.name,
        "JWT_SECRET": "x" * 32,
        "CREDENTIALS_KEY": "x",
    }.items():
        monkeypatch.setenv(f"BOTCORE_{name}", value)


@pytest.mark.usefixtures("_environment")
async def test_signals_are_counted_and_counted_anew(
    bus: RabbitEventBus,
    database: Database,
    rabbitmq_vhost_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    days = database["ai_signal_days"]

    async def is_counted(count: int = 3) -> bool:
        found = await days.find_one()
        return found is not None and found["signals"] >= count

    async with consuming(
        rabbitmq_vhost_url, SignalCount(MongoAnalytics(database)), AI_SIGNALS_QUEUE
    ):
        for number in (1, 2, 1, 3):
            analysis = an_analysis(number)
            await MongoAnalyses(database).keep(analysis, ["ann"])
            await bus.publish(signal_event(analysis, ["ann"]))
        await until(is_counted)
    before = await days.find().to_list(None)
    assert before[0]["confidence_sum"] == Decimal("0.370368")
    await days.update_one({}, {"$inc": {"signals": 1}})
    assert await _run(["rebuild", "--days", "3"]) == 1
    assert "left as it is: analyses are missing" in capsys.readouterr().out
    assert await _run(["rebuild", "--days", "3", "--may-shrink"]) == 0
    assert "  3 analyses" in capsys.readouterr().out
    assert await days.find().to_list(None) == before


async def _run(arguments: list[str]) -> int:
    return await asyncio.to_thread(analytics.main, arguments)


@pytest.mark.usefixtures("_environment")
def test_a_store_that_is_away_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    impatient = partial(mongo.open_client, operation_timeout_ms=200)
    monkeypatch.setattr(connections, "open_client", impatient)
    monkeypatch.setenv("BOTCORE_MONGODB_URL", "mongodb://127.0.0.1:1/")
    assert analytics.main(["rebuild", "--days", "1"]) == 3
    assert capsys.readouterr().out.startswith("MongoDB: ")
