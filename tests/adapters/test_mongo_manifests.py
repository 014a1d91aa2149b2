"""Manifests: found by what they hold, changed by one writer at a time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.mongo import Database
from adapters.mongo_manifests import MongoManifests
from domain.archival.manifests import FileContents, Manifest, ManifestState, manifest_id_of
from domain.archival.tiers import DataType
from domain.errors import HaltTrading
from domain.paging import PagePosition

NOW = datetime(2026, 6, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def contents(first: datetime, last: datetime, users: tuple[str, ...] | None) -> FileContents:
    return FileContents(
        document_count=2,
        size_bytes=10,
        sha256="ab",
        sums={"price": Decimal("1.50")},
        unrepresented={"quantity": 1},
        first_id="a",
        last_id="b",
        ids_sha256="cd",
        first_time=first,
        last_time=last,
        user_ids=users,
    )


def manifest(
    part: int, state: ManifestState, days: int = 0, users: tuple[str, ...] | None = ("user_1",)
) -> Manifest:
    """Return a file of the five days that began so many days ago."""
    first = NOW - days * DAY
    return Manifest(
        manifest_id=manifest_id_of(DataType.TRADES, "2026-01", part),
        data_type=DataType.TRADES,
        month="2026-01",
        part=part,
        state=state,
        bucket="b",
        key=f"k{part}",
        storage_class="GLACIER",
        schema_version=1,
        created_at=NOW + part * DAY,
        updated_at=NOW,
        contents=contents(first, first + 5 * DAY, users) if days else None,
    )


@pytest.fixture
def manifests(database: Database) -> MongoManifests:
    return MongoManifests(database)


async def test_a_manifest_comes_back_as_it_was(manifests: MongoManifests) -> None:
    made = replace(manifest(1, ManifestState.VERIFIED, 40), refusal="why", left_count=1)
    assert await manifests.begin(made) == made
    assert await manifests.manifest(made.manifest_id) == made
    assert await manifests.manifest("none") is None
    # Begun again, what is there already is told.
    assert await manifests.begin(manifest(1, ManifestState.WRITING)) == made
    assert await manifests.last_part(DataType.TRADES, "2026-01") == 1
    assert await manifests.last_part(DataType.TRADES, "2026-02") == 0


async def test_pages_the_last_begun_first(manifests: MongoManifests) -> None:
    made = [await manifests.begin(manifest(n, ManifestState.WRITING)) for n in range(1, 6)]
    first = await manifests.manifests(DataType.TRADES, limit=2)
    assert first == [made[4], made[3]]
    position = PagePosition(first[-1].created_at, first[-1].manifest_id)
    assert await manifests.manifests(position=position) == [made[2], made[1], made[0]]
    assert await manifests.manifests(DataType.CANDLES) == []


async def test_what_is_cold_of_a_time_and_a_user(manifests: MongoManifests) -> None:
    made = {
        n: await manifests.begin(each)
        for n, each in enumerate(
            (
                manifest(1, ManifestState.REMOVED, 40),
                manifest(2, ManifestState.VERIFIED, 30, ("user_2",)),
                manifest(3, ManifestState.REMOVED, 20, None),
                manifest(4, ManifestState.UPLOADED, 10),
                manifest(5, ManifestState.EXPIRED, 10),
                manifest(6, ManifestState.WRITING),
            )
        )
    }
    assert await manifests.cold(DataType.TRADES) == [made[0], made[1], made[2]]
    assert await manifests.cold(DataType.TRADES, since=NOW - 34 * DAY) == [made[1], made[2]]
    # Both ends of a file are in it; the end of a range is not.
    assert await manifests.cold(DataType.TRADES, since=NOW - 35 * DAY, until=NOW - 30 * DAY) == [
        made[0]
    ]
    assert await manifests.cold(DataType.TRADES, user_id="user_1") == [made[0], made[2]]
    assert await manifests.cold(DataType.CANDLES) == []
    unfinished = await manifests.unfinished(DataType.TRADES)
    assert unfinished == [made[n] for n in (0, 1, 2, 3, 5)]
    assert await manifests.outlived(DataType.TRADES, NOW - 30 * DAY) == [made[0], made[4]]


async def test_one_writer_at_a_time(manifests: MongoManifests) -> None:
    old = await manifests.begin(manifest(1, ManifestState.WRITING))
    rivals = [
        replace(old, state=ManifestState.UPLOADED, key=f"rival {n}", updated_at=NOW + n * DAY)
        for n in (1, 2)
    ]
    told = await asyncio.gather(
        *(manifests.advance(old, rival) for rival in rivals), return_exceptions=True
    )
    assert {type(each) for each in told} == {Manifest, HaltTrading}
    [winner] = [each for each in told if isinstance(each, Manifest)]
    assert await manifests.manifest(old.manifest_id) == winner
    # The same again, after an answer that was lost, is no conflict.
    assert await manifests.advance(old, winner) == winner
    with pytest.raises(HaltTrading, match="cannot go"):
        await manifests.advance(winner, replace(winner, state=ManifestState.REMOVED))
