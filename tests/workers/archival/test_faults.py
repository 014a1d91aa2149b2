"""Whatever fails: the original stays where it is, the report says so, the next run mends it."""

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import bson
import pytest

from adapters.mongo_archive import MongoArchive
from domain.archival.holds import LegalHold
from domain.archival.manifests import ManifestState
from domain.archival.messages import ArchivalReport, Reason, RestoreRequest
from domain.archival.tiers import DataType
from tests.archiving import NOW, activity, fill, stored
from tests.workers.archival.conftest import Archive, keep_history

OLD = 300.0


async def _trades(archive: Archive, count: int = 40) -> dict[str, bytes]:
    return await fill(archive.database, DataType.TRADES, [(n, OLD) for n in range(count)])


def _reasons(report: ArchivalReport) -> list[Reason]:
    return [each.reason for each in report.refusals]


async def _archived(archive: Archive) -> dict[str, bytes]:
    return await stored(archive.database, "archive_trades")


async def _mended(archive: Archive, made: dict[str, bytes]) -> None:
    """Run again with everything in order, and find every record in one file."""
    archive.storage.heal()
    report = await archive.run(DataType.TRADES)
    assert report.refusals == ()
    assert await _archived(archive) == {}
    manifests = await archive.manifests.cold(DataType.TRADES)
    assert sum(each.document_count for each in manifests) == len(made)
    assert all(each.refusal is None for each in manifests)


async def test_a_refused_put(archive: Archive) -> None:
    made = await _trades(archive)
    archive.storage.refused = {"PUT"}
    handle = await archive.start(DataType.TRADES)
    report = await handle.result()
    await keep_history(handle, "refused")
    assert _reasons(report) == [Reason.REFUSED]
    assert report.to_cold.documents == 0
    assert await _archived(archive) == made
    [manifest] = await archive.manifests.manifests()
    assert manifest.state is ManifestState.WRITING
    assert "AccessDenied" in (manifest.refusal or "")
    await _mended(archive, made)


async def test_an_upload_that_was_corrupted_on_its_way(archive: Archive) -> None:
    made = await _trades(archive)
    archive.storage.corrupted = {"PUT"}
    report = await archive.run(DataType.TRADES)
    assert _reasons(report) == [Reason.CORRUPTED]
    assert await _archived(archive) == made
    [manifest] = await archive.manifests.manifests()
    assert manifest.state is ManifestState.WRITING
    assert "SHA-256" in (manifest.refusal or "")
    await _mended(archive, made)


async def test_a_storage_that_is_away_in_the_middle(archive: Archive) -> None:
    made = await _trades(archive)
    archive.storage.away = {"GET"}
    handle = await archive.start(DataType.TRADES)
    await archive.storage.met.wait()
    archive.storage.heal()
    report = await handle.result()
    assert report.refusals == ()
    assert report.to_cold.documents == len(made)


@contextlib.contextmanager
def _full(directory: Path) -> Iterator[None]:
    """Let a directory be a disk of 16 kB."""
    mount = ("/bin/mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(directory))
    made = subprocess.run(mount, check=False, capture_output=True)  # noqa: S603 - fixed words
    if made.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(("/bin/umount", "--lazy", str(directory)), check=True)  # noqa: S603 - the same


async def test_a_full_disk(archive: Archive, spool: Path) -> None:
    made = await _trades(archive, 1_000)
    with _full(spool):
        report = await archive.run(DataType.TRADES)
        assert _reasons(report) == [Reason.DISK]
        assert "No space left" in report.refusals[0].detail
        assert await _archived(archive) == made
    await _mended(archive, made)


async def test_a_record_that_changes_while_it_is_copied(archive: Archive) -> None:
    database = archive.database
    made = await fill(database, DataType.USER_ACTIVITY, [(n, OLD) for n in range(5)])
    changed = "activity-00000002"
    await database["user_activity"].update_one({"_id": changed}, {"$set": {"kind": "other"}})
    moved = await MongoArchive(database).to_archive(DataType.USER_ACTIVITY, list(made.values()))
    assert (moved.documents, moved.changed) == (4, 1)
    left = await stored(database, "user_activity")
    assert set(left) == {changed}
    # The archive's copy is of an older state; moved again, it takes the newer one.
    moved = await MongoArchive(database).to_archive(DataType.USER_ACTIVITY, list(left.values()))
    assert moved.documents == 1
    assert await stored(database, "archive_user_activity") == made | left


async def test_a_record_that_changes_while_its_removal_is_decided(archive: Archive) -> None:
    database = archive.database
    made = await fill(database, DataType.USER_ACTIVITY, [(n, OLD) for n in range(3)])
    records = database["user_activity"]
    tries: list[int] = []

    async def remove(session: Any) -> int:
        found = await records.find({"kind": "sign_in"}, session=session).to_list(None)
        if not tries:
            await records.update_one({"_id": "activity-00000001"}, {"$set": {"kind": "other"}})
        tries.append(len(found))
        ids = {"_id": {"$in": [each["_id"] for each in found]}}
        return int((await records.delete_many(ids, session=session)).deleted_count)

    gone = await MongoArchive(database)._in_transaction(remove)
    assert (gone, tries) == (2, [3, 2])
    assert len(await stored(database, "user_activity")) == len(made) - 2


async def test_a_staging_copy_that_cannot_be_deleted_yet(archive: Archive) -> None:
    made = await _trades(archive, 20)
    archive.storage.away = {"DELETE"}
    report = await archive.run(DataType.TRADES)
    # All is removed but for the staging copy, which the next run deletes.
    assert await _archived(archive) == {}
    assert _reasons(report) == [Reason.UNAVAILABLE]
    await _mended(archive, made)


async def test_what_is_in_a_file_and_differs_from_the_archive_stays(archive: Archive) -> None:
    database = archive.database
    made = await fill(database, DataType.USER_ACTIVITY, [(n, OLD) for n in range(6)])
    collections = MongoArchive(database)
    await collections.to_archive(DataType.USER_ACTIVITY, list(made.values()))
    archived = database["archive_user_activity"]
    await archived.update_one({"_id": "activity-00000001"}, {"$set": {"kind": "other"}})
    hold = LegalHold("h", None, activity(2, OLD)["user_id"], None, None, "a court", NOW)
    moved = await collections.remove_stored(DataType.USER_ACTIVITY, list(made.values()), [hold])
    assert (moved.documents, moved.changed, moved.held) == (4, 1, 1)
    assert set(await stored(database, "archive_user_activity")) == {
        "activity-00000001",
        "activity-00000002",
    }


async def test_a_second_record_in_the_place_of_an_archived_one(archive: Archive) -> None:
    database = archive.database
    made = await fill(database, DataType.CANDLES, [(1, OLD)])
    collections = MongoArchive(database)
    await collections.to_archive(DataType.CANDLES, list(made.values()))
    again = {**bson.decode(next(iter(made.values()))), "_id": bson.ObjectId()}
    moved = await collections.to_archive(DataType.CANDLES, [bson.encode(again)])
    assert (moved.documents, moved.refused) == (0, 1)
    assert await stored(database, "archive_candles") == made


async def test_a_hold_on_a_user_stops_cold_storage_and_deletion(archive: Archive) -> None:
    made = await _trades(archive, 24)
    held = {name for name in made if bson.decode(made[name])["user_id"] == "user_03"}
    await archive.holds.set(
        LegalHold("h1", DataType.TRADES, "user_03", None, None, "a court asked", NOW)
    )
    report = await archive.run(DataType.TRADES)
    assert report.to_cold.documents == 22
    assert set(await _archived(archive)) == held
    # A hold on what is cold already: its file outlives its age.
    await archive.holds.set(
        LegalHold("h2", None, None, NOW - timedelta(days=400), NOW, "another", NOW)
    )
    decade = NOW + timedelta(days=3_650)
    report = await archive.run(DataType.TRADES, as_of=decade)
    assert (_reasons(report), report.deleted.files) == ([Reason.HELD], 0)
    assert set(await _archived(archive)) == held
    for hold_id in ("h1", "h2"):
        await archive.holds.lift(hold_id)
    report = await archive.run(DataType.TRADES, as_of=decade)
    # Those that were held take the same way, and one more run to its end.
    assert report.refusals == ()
    assert (report.to_cold.documents, report.deleted.files) == (2, 2)


async def test_a_file_that_was_changed_in_cold_storage_is_not_brought_back(
    archive: Archive,
) -> None:
    made = await _trades(archive)
    await archive.run(DataType.TRADES)
    archive.storage.corrupted = {"GET"}
    request = RestoreRequest(DataType.TRADES, NOW - timedelta(days=400), NOW)
    report = await (await archive.restore(request)).result()
    assert [each.reason for each in report.refusals] == [Reason.CORRUPTED]
    assert report.documents == 0
    assert await stored(archive.database, "restored_trades") == {}
    archive.storage.heal()
    assert (await (await archive.restore(request)).result()).documents == len(made)


async def test_a_lost_object_is_said_to_be_lost(archive: Archive) -> None:
    await _trades(archive)
    await archive.run(DataType.TRADES)
    manifests = archive.database["archive_manifests"]
    await manifests.update_one({}, {"$set": {"key": "trades/nowhere"}})
    request = RestoreRequest(DataType.TRADES, NOW - timedelta(days=400), NOW)
    report = await (await archive.restore(request)).result()
    assert [each.reason for each in report.refusals] == [Reason.MISSING]
