import asyncio
import random
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from adapters.mongo import Database
from adapters.mongo_analyses import MongoAnalyses
from adapters.mongo_analytics import MongoAnalytics
from adapters.rabbitmq_messages import read_event
from domain.analysis import Analysis, Opinion, Provenance, Signal
from domain.analysis_view import score_event, signal_event
from domain.analytics import day_of
from domain.candles import Timeframe
from domain.errors import Retryable
from domain.event_messages import Event
from domain.events import AI_SIGNAL_GENERATED
from domain.scorecard import Outcome, Score
from tests.events import an_event, envelope_of

# Today: MongoDB itself forgets the receipts of long ago, and when it does is its own affair.
NOW = day_of(datetime.now(UTC)) + timedelta(hours=12)
DAYS = [day_of(NOW) - timedelta(days=back) for back in range(3)]


def an_analysis(chance: random.Random) -> Analysis:
    signal = chance.choice(list(Signal))
    prices = () if signal is Signal.NEUTRAL else (Decimal(3), Decimal(2), Decimal(5), Decimal(2))
    symbol = chance.choice(["BTCUSDT", "ETHUSDT"])
    return Analysis(
        analysis_id=secrets.token_hex(8),
        workflow_id="analysis-x",
        subject=f"{symbol}:1h" if chance.random() < 0.9 else f"{symbol}:1h:own",
        symbol=symbol,
        timeframe=Timeframe.H1,
        candle_open_time=NOW,
        price=Decimal(3),
        indicators={},
        opinion=Opinion(signal, Decimal(chance.randrange(10**6)).scaleb(-6), "because", *prices),
        provenance=Provenance(chance.choice(["one", "two"]), "v1", 1, 1, 1.0, is_repaired=False),
        created_at=chance.choice(DAYS) + timedelta(milliseconds=chance.randrange(86_400_000)),
    )


async def kept(database: Database, count: int) -> list[Event]:
    """Keep analyses, some of them scored; return the events of them all."""
    chance, store = random.Random(7), MongoAnalyses(database)
    events = []
    for _ in range(count):
        analysis = an_analysis(chance)
        await store.keep(analysis, ["ann"])
        events.append(signal_event(analysis, ["ann"]))
        if analysis.opinion.signal is not Signal.NEUTRAL and chance.random() < 0.6:
            multiple = Decimal(chance.randrange(-10_000, 30_000)).scaleb(-4)
            outcome = chance.choice([each for each in Outcome if each is not Outcome.NOT_ENTERED])
            score = Score(outcome, NOW, NOW, Decimal(3), multiple)
            await store.keep_score(analysis.analysis_id, score)
            events.append(score_event(analysis, ["ann"], score, NOW))
    return [read_event(envelope_of(event)) for event in events]


async def sums(database: Database) -> list[tuple[tuple[str, str], ...]]:
    """Return everything that was counted, to the digit."""
    found = await database["ai_signal_days"].find().sort("_id").to_list(None)
    return [tuple(sorted((name, str(value)) for name, value in each.items())) for each in found]


async def rebuild(analytics: MongoAnalytics, **options: Any) -> list[int | None]:
    return [await analytics.rebuild(day, NOW, **options) for day in DAYS]


async def deliver(analytics: MongoAnalytics, events: Sequence[Event]) -> int:
    """Hand events over in batches, and again while somebody else is in the way."""
    added = 0
    for start in range(0, len(events), 7):
        batch = list({each.message_id: each for each in events[start : start + 7]}.values())
        while True:
            try:
                added += await analytics.add(batch, NOW)
            except Retryable:
                await asyncio.sleep(0.01)
            else:
                break
    return added


async def test_a_rebuild_is_the_sum_of_the_events_to_the_digit(database: Database) -> None:
    """In any order, with doubles, by two consumers at once."""
    events = await kept(database, 60)
    analytics = MongoAnalytics(database)
    doubled = events * 2
    random.Random(3).shuffle(doubled)
    half = len(doubled) // 2
    added = await asyncio.gather(
        deliver(analytics, doubled[:half]), deliver(MongoAnalytics(database), doubled[half:])
    )
    assert sum(added) == len(events)
    counted = await sums(database)
    assert len(counted) > 6
    found = await rebuild(analytics)
    assert sum(each or 0 for each in found) == 60
    assert await sums(database) == counted


async def test_what_a_rebuild_has_counted_adds_nothing_when_it_comes(database: Database) -> None:
    events = await kept(database, 30)
    analytics = MongoAnalytics(database)
    await deliver(analytics, events[:10])
    await rebuild(analytics)
    counted = await sums(database)
    assert await deliver(analytics, events) == 0
    assert await sums(database) == counted


async def test_a_rebuild_in_the_middle_of_the_events(database: Database) -> None:
    events = await kept(database, 40)
    analytics = MongoAnalytics(database)

    async def rebuild_again_and_again() -> None:
        for _ in range(3):
            for day in DAYS:
                while True:
                    try:
                        await analytics.rebuild(day, NOW)
                        break
                    except Retryable:
                        await asyncio.sleep(0.01)

    await asyncio.gather(deliver(MongoAnalytics(database), events), rebuild_again_and_again())
    counted = await sums(database)
    await rebuild(analytics)
    assert await sums(database) == counted


async def test_archived_analyses_are_counted_and_those_in_both_places_once(
    database: Database,
) -> None:
    events = await kept(database, 20)
    analytics = MongoAnalytics(database)
    await deliver(analytics, events)
    counted = await sums(database)
    moved = await database["ai_analysis"].find().to_list(10)
    await database["archive_ai_analysis"].insert_many(
        [{**each, "archived_at": NOW} for each in moved]
    )
    gone = [each["_id"] for each in moved[:5]]
    await database["ai_analysis"].delete_many({"_id": {"$in": gone}})
    await rebuild(analytics)
    assert await sums(database) == counted


async def test_a_day_does_not_lose_what_has_left_the_archive(database: Database) -> None:
    events = await kept(database, 20)
    analytics = MongoAnalytics(database)
    await deliver(analytics, events)
    counted = await sums(database)
    await database["ai_analysis"].delete_many({"brought_own": False})
    assert None in await rebuild(analytics)
    assert await sums(database) == counted
    await rebuild(analytics, may_shrink=True)
    assert await sums(database) == []


async def test_what_the_store_refuses_is_no_passing_fault(database: Database) -> None:
    """Tried again for ever it would stand in the way of all that follow."""
    poison = read_event(envelope_of(an_event(AI_SIGNAL_GENERATED, symbol="")))
    with pytest.raises(BulkWriteError):
        await MongoAnalytics(database).add([poison], NOW)
    assert await database["event_receipts"].find_one() is None
