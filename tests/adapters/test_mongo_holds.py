"""Legal holds: kept until they are lifted, and found by what they concern."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.mongo import Database
from adapters.mongo_holds import MongoHolds
from domain.archival.holds import LegalHold
from domain.archival.tiers import DataType
from domain.paging import PagePosition

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOLD = LegalHold("hold-0", DataType.TRADES, "user_1", NOW, None, "a court asked for it", NOW)


async def test_a_hold_is_there_once_until_it_is_lifted(database: Database) -> None:
    holds = MongoHolds(database)
    for _ in range(2):
        await holds.set(HOLD)
    assert await holds.holds() == [HOLD]
    assert await holds.lift("hold-0") == HOLD
    assert await holds.lift("hold-0") is None
    assert await holds.holds() == []


async def test_those_of_a_kind_and_those_of_every_kind_concern_it(bare_database: Database) -> None:
    holds = MongoHolds(bare_database)
    everything = replace(HOLD, hold_id="hold-1", data_type=None, user_id=None)
    logs = replace(HOLD, hold_id="hold-2", data_type=DataType.SYSTEM_LOGS)
    for hold in (HOLD, everything, logs):
        await holds.set(hold)
    found = await holds.holds(DataType.TRADES)
    assert {hold.hold_id for hold in found} == {"hold-0", "hold-1"}


async def test_pages(bare_database: Database) -> None:
    holds = MongoHolds(bare_database)
    kept = [
        replace(HOLD, hold_id=f"hold-{number}", created_at=NOW + timedelta(days=number // 2))
        for number in range(5)
    ]
    for hold in kept:
        await holds.set(hold)
    first = await holds.page(limit=3)
    rest = await holds.page(position=PagePosition(first[-1].created_at, first[-1].hold_id))
    assert first + rest == kept[::-1]
