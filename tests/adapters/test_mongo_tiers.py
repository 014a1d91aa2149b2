"""Two tiers read as one, whatever moves meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mongo import Database
from adapters.mongo_tiers import TieredRecords, merged
from domain.archival.tiers import DataType

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER = "user_1"


def record(number: int, **changes: Any) -> dict[str, Any]:
    """Return a record of the archive's shape; three share a moment."""
    at = NOW + timedelta(seconds=number // 3)
    return {"_id": f"{number:04}", "user_id": USER, "timestamp": at, "number": number} | changes


def archived(number: int) -> dict[str, Any]:
    return record(number, archived_at=NOW)


@pytest.fixture
def tiers(bare_database: Database) -> TieredRecords:
    return TieredRecords(bare_database, DataType.USER_ACTIVITY, ("user_id",))


async def move(database: Database, number: int) -> None:
    """Move a record as the archive does: copied, then removed."""
    await database["archive_user_activity"].insert_one(archived(number))
    await database["user_activity"].delete_one({"_id": record(number)["_id"]})


async def test_a_list_runs_through_both_and_shows_what_is_in_both_once(
    bare_database: Database, tiers: TieredRecords
) -> None:
    await bare_database["user_activity"].insert_many([record(number) for number in range(5, 12)])
    await bare_database["archive_user_activity"].insert_many(
        [archived(number) for number in range(7)]
    )
    found = await tiers.newest({"user_id": USER}, 100)
    assert [each["number"] for each in found] == list(range(11, -1, -1))
    assert {frozenset(each) for each in found} == {frozenset({"timestamp", "number"})}
    assert [each["number"] for each in await tiers.newest({}, 6)] == list(range(11, 5, -1))
    assert await tiers.newest({"user_id": "somebody else"}, 6) == []


async def test_one_is_found_wherever_it_is(bare_database: Database, tiers: TieredRecords) -> None:
    await bare_database["user_activity"].insert_many([record(1), record(2) | {"number": "hot"}])
    await bare_database["archive_user_activity"].insert_many([archived(2), archived(3)])
    found = [await tiers.one({"_id": f"000{number}"}) for number in (1, 2, 3, 4)]
    assert [each and each["number"] for each in found] == [1, "hot", 3, None]
    assert found[2] is not None
    assert "archived_at" not in found[2]


async def test_nothing_is_missed_or_doubled_while_it_is_moved(
    bare_database: Database, tiers: TieredRecords
) -> None:
    numbers = range(60)
    await bare_database["user_activity"].insert_many([record(number) for number in numbers])
    whole = [f"{number:04}" for number in reversed(numbers)]
    looks = 0

    async def look() -> None:
        nonlocal looks
        while not moving.done():
            found = [f"{each['number']:04}" for each in await tiers.newest({}, 200)]
            assert found == whole
            one = await tiers.one({"_id": whole[looks % len(whole)]})
            assert one is not None
            looks += 1

    async def move_all() -> None:
        for number in numbers:
            await move(bare_database, number)

    moving = asyncio.create_task(move_all())
    await asyncio.gather(moving, look(), look())
    assert looks
    assert await bare_database["user_activity"].count_documents({}) == 0


@given(
    hot=st.sets(st.integers(0, 30)),
    cool=st.sets(st.integers(0, 30)),
    limit=st.integers(1, 40),
)
def test_a_merge_is_the_newest_of_all_each_once(hot: set[int], cool: set[int], limit: int) -> None:
    found = [record(number, tier="hot") for number in hot]
    found += [record(number, tier="archive") for number in cool]
    shown = merged(found, "timestamp", limit)
    assert [each["number"] for each in shown] == sorted(hot | cool, reverse=True)[:limit]
    assert all((each["tier"] == "hot") == (each["number"] in hot) for each in shown)


async def test_lists_of_trades_are_read_from_indexes(database: Database) -> None:
    for name in ("trades", "archive_trades"):
        cursor = database[name].find({"user_id": USER}).sort([("created_at", -1), ("_id", -1)])
        plan = str((await cursor.explain())["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan, name
        assert "SORT" not in plan.replace("SORT_MERGE", ""), name
