"""What is noted is stored once, whatever the store and the process go through."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.mongo import Database
from adapters.mongo_activity import MongoActivity
from domain.activity import Activity, ActivityKind, Origin
from domain.errors import ErrorCode, Retryable
from tests.api.routes.trading import until
from workers import activity_log
from workers.activity_log import ActivityLog

K = ActivityKind
USER = "user_1"


class FlakyStore:
    """The real store, which is away for a while, or dies with what it took."""

    def __init__(self, store: MongoActivity) -> None:
        self.store = store
        self.faults = 0
        self.forgets_to_answer = False
        self.taken = 0

    async def has_answered(self) -> bool:
        return self.faults == 0

    async def has_taken(self) -> int:
        return self.taken

    async def insert(self, activities: Sequence[Activity]) -> None:
        if self.forgets_to_answer:
            await self.store.insert(activities)
        if self.faults:
            self.faults -= 1
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")
        await self.store.insert(activities)
        self.taken += len(activities)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity_log, "FLUSH_AFTER_S", 0.02)
    monkeypatch.setattr(activity_log, "RETRY_AFTER_S", 0.02)


@pytest.fixture
def flaky(bare_database: Database) -> FlakyStore:
    return FlakyStore(MongoActivity(bare_database))


async def stored(bare_database: Database, count: int) -> list[Any]:
    """Wait for so many records; return their numbers, oldest first."""
    collection = bare_database["user_activity"]

    async def are_there() -> bool:
        return await collection.count_documents({}) >= count

    await until(are_there, f"{count} records")
    found = await collection.find().sort("timestamp", 1).to_list(None)
    return [each["details"].get("number") for each in found]


async def test_notes_are_stored_in_batches(bare_database: Database, flaky: FlakyStore) -> None:
    log = ActivityLog(flaky, lambda: Origin("10.0.0.1", "browser", "request"))
    async with log.running():
        for number in range(1_200):
            log.note(K.ORDER_ASKED, USER, number=number)
        assert sorted(await stored(bare_database, 1_200)) == list(range(1_200))
    one = await bare_database["user_activity"].find_one({"details.number": 7})
    assert one is not None
    assert (one["_id"], one["address"]) == (one["activity_id"], "10.0.0.1")


async def test_what_waits_is_stored_on_the_way_out(
    bare_database: Database, flaky: FlakyStore
) -> None:
    log = ActivityLog(flaky)
    async with log.running():
        await asyncio.sleep(0)
        for number in range(5):
            log.note(K.ORDER_ASKED, USER, number=number)
    assert await bare_database["user_activity"].count_documents({}) == 5


@pytest.mark.parametrize("forgets", [False, True], ids=["away", "stored but not confirmed"])
async def test_a_store_that_comes_back_has_each_once(
    bare_database: Database, flaky: FlakyStore, *, forgets: bool
) -> None:
    flaky.faults, flaky.forgets_to_answer = 3, forgets
    log = ActivityLog(flaky)
    async with log.running():
        for number in range(700):
            log.note(K.ORDER_ASKED, USER, number=number)
        await until(flaky.has_answered, "the store")
        assert sorted(await stored(bare_database, 700)) == list(range(700))


async def test_memory_is_bounded_while_the_store_is_away(
    bare_database: Database, flaky: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "CAPACITY", 10)
    flaky.faults = 2
    log = ActivityLog(flaky)
    async with log.running():
        for number in range(25):
            log.note(K.ORDER_ASKED, USER, number=number)
        # Seen in the database, they still count as waiting until the log has its answer.
        assert await until(flaky.has_taken, "the first ten") == 10
        assert await stored(bare_database, 10) == list(range(10))
        log.note(K.ORDER_ASKED, USER, number=99)
        assert (await stored(bare_database, 11))[-1] == 99


async def test_one_that_cannot_be_stored_takes_no_other_with_it(database: Database) -> None:
    log = ActivityLog(MongoActivity(database))
    async with log.running():
        log.note(K.ORDER_ASKED, USER, number=1)
        log.note(K.ORDER_ASKED, USER, number={1, 2})
        log.note(K.ORDER_ASKED, "", number=2)
        log.note(K.ORDER_ASKED, USER, number=3)
        assert await stored(database, 2) == [1, 3]


async def test_what_security_asks_for_is_stored_and_announced_at_once(
    bare_database: Database, flaky: FlakyStore
) -> None:
    announced: list[Activity] = []
    log = ActivityLog(flaky, announce=announced.append)
    await log.write(K.SIGNED_IN, USER, number=1)
    assert await stored(bare_database, 1) == [1]
    flaky.faults = 1
    await log.write(K.PASSWORD_CHANGED, USER, number=2)
    assert [each.kind for each in announced] == [K.SIGNED_IN]
    async with log.running():
        assert await stored(bare_database, 2) == [1, 2]
