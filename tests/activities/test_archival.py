"""Steps of archival that an attempt before them began."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.archival import ArchivalActivities, ArchivalRules
from activities.heartbeats import final_after_attempts
from adapters.mongo import Database
from adapters.mongo_archive import MongoArchive
from adapters.mongo_holds import MongoHolds
from adapters.mongo_restores import MongoRestores
from domain.archival.ports import Moved
from domain.archival.steps import Cursor, Leg, LegDone
from domain.archival.tiers import DOCUMENT_AGES, DataType
from domain.errors import ErrorCode, Rejected, Retryable
from tests.archiving import NOW, fill, stored
from workers.temporal import DATA_CONVERTER


@pytest.fixture
def activities(database: Database) -> ArchivalActivities:
    rules = ArchivalRules(DOCUMENT_AGES, file_documents=1_000, heartbeat_s=5.0)
    return ArchivalActivities(
        MongoArchive(database), MongoHolds(database), MongoRestores(database), rules
    )


async def _told_by(done: LegDone) -> object:
    """Return a heartbeat as the next attempt is given it: without its type."""
    return (await DATA_CONVERTER.decode(await DATA_CONVERTER.encode([done])))[0]


async def test_a_leg_goes_on_where_the_last_heartbeat_was(
    database: Database, activities: ArchivalActivities
) -> None:
    await fill(database, DataType.USER_ACTIVITY, [(n, 100.0 + n) for n in range(10)])
    environment = ActivityEnvironment()
    # Three of the oldest were met; one of them could not be moved, and is left for later.
    told = LegDone(Moved(2, 200, changed=1), Cursor("", NOW - timedelta(days=107)))
    environment.info = replace(environment.info, heartbeat_details=[await _told_by(told)])
    beats: list[object] = []
    environment.on_heartbeat = lambda *details: beats.extend(details)
    leg = Leg(DataType.USER_ACTIVITY, NOW - timedelta(days=90), NOW)
    done = await environment.run(activities.move_to_archive, leg)
    assert done == LegDone(Moved(2 + 7, done.moved.size_bytes, changed=1))
    assert set(await stored(database, "user_activity")) == {
        f"activity-{number:08}" for number in (7, 8, 9)
    }
    assert beats[-1] == LegDone(done.moved, Cursor("", NOW - timedelta(days=100)))


@pytest.mark.parametrize(
    ("attempt", "error", "is_final"),
    [
        (1, Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away"), False),
        (2, ValueError("a mistake"), False),
        (3, Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away"), True),
        (3, ValueError("a mistake"), True),
        (1, Rejected(ErrorCode.NOT_FOUND, "none"), True),
    ],
)
async def test_the_attempts_of_a_step_end(
    attempt: int, error: Exception, *, is_final: bool
) -> None:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)

    async def step() -> None:
        with final_after_attempts():
            raise error

    with pytest.raises((ApplicationError, ValueError)) as raised:
        await environment.run(step)
    assert getattr(raised.value, "non_retryable", False) is is_final
