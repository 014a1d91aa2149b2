"""Records of every kind go where their age says, each to be found exactly once."""

from datetime import datetime, timedelta

import pytest
from temporalio.client import (
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    WorkflowExecution,
)

from domain.archival.manifests import ManifestState
from domain.archival.messages import ArchivalReport, RestoreRequest, Stage
from domain.archival.tiers import HOT_CANDLES_A_SERIES, DataType
from tests.archiving import NOW, candle, fill, stored
from tests.trading_floor import until
from tests.workers.archival.conftest import Archive, keep_history
from workers.archival_schedules import ensure_archival_schedules


async def test_trades_go_through_every_tier_and_come_back_as_they_were(archive: Archive) -> None:
    ages = [(n, 5.0) for n in range(50)] + [(n, 60.0) for n in range(50, 150)]
    ages += [(n, 300.0) for n in range(150, 750)]
    made = await fill(archive.database, DataType.TRADES, ages)
    dry_run = await archive.start(DataType.TRADES, dry_run=True)
    foreseen = await dry_run.result()
    await keep_history(dry_run, "dry_run")
    assert (foreseen.to_archive.documents, foreseen.to_cold.documents) == (700, 600)
    assert foreseen.to_cold.files == 1
    assert await stored(archive.database, "trades") == made
    assert await archive.manifests.manifests() == []

    handle = await archive.start(DataType.TRADES)
    report = await handle.result()
    assert report.refusals == ()
    assert (report.to_archive.documents, report.to_cold.documents) == (700, 600)
    assert (await handle.query("progress"))["stage"] == Stage.DONE
    await keep_history(handle, "moved")
    hot = await stored(archive.database, "trades")
    archived = await stored(archive.database, "archive_trades")
    assert (len(hot), len(archived)) == (50, 100)
    [manifest] = await archive.manifests.manifests(DataType.TRADES)
    assert manifest.state is ManifestState.REMOVED
    assert manifest.document_count == 600
    assert manifest.storage_class == "GLACIER"

    request = RestoreRequest(DataType.TRADES, NOW - timedelta(days=301), NOW - timedelta(days=299))
    async with archive.manual_retrieval(times=3):
        restoring = await archive.restore(request)
        back = await restoring.result()
    await keep_history(restoring, "restored")
    assert back.refusals == ()
    assert (back.documents, back.files) == (600, 1)
    restored = await stored(archive.database, "restored_trades")
    assert {**hot, **archived, **restored} == made
    # Brought back again, nothing is there twice.
    assert (await (await archive.restore(request)).result()).documents == 600
    assert await stored(archive.database, "restored_trades") == restored


@pytest.mark.parametrize("data_type", [DataType.USER_ACTIVITY, DataType.SYSTEM_LOGS])
async def test_others_by_the_ages_of_the_document(archive: Archive, data_type: DataType) -> None:
    ages = archive.settings.ages[data_type]
    made = await fill(
        archive.database,
        data_type,
        [
            *((n, ages.hot_days - 1) for n in range(10)),
            *((n, ages.hot_days + 1) for n in range(10, 30)),
            *((n, ages.archive_days + 70) for n in range(30, 90)),
        ],
    )
    handle = await archive.start(data_type)
    report = await handle.result()
    await keep_history(handle, str(data_type))
    assert report.refusals == ()
    assert len(await stored(archive.database, data_type)) == 10
    assert len(await stored(archive.database, data_type.archive)) == 20
    if ages.cold_days is None:
        assert report.deleted.documents == 60
        assert await archive.manifests.manifests() == []
        return
    assert report.to_cold.documents == 60
    request = RestoreRequest(data_type, NOW - timedelta(days=3_650), NOW)
    back = await (await archive.restore(request)).result()
    assert back.documents == 60
    restored = await stored(archive.database, data_type.restored)
    assert restored == {_id: text for _id, text in made.items() if _id in restored}
    assert len(restored) == 60


async def test_analyses_wait_for_their_score_and_are_deleted_in_the_end(archive: Archive) -> None:
    waiting = {"score": None, "timeframe": "1w"}
    await fill(archive.database, DataType.AI_ANALYSIS, [(n, 40.0) for n in range(10)])
    await archive.database["ai_analysis"].update_one(
        {"_id": "analysis-00000003"}, {"$set": waiting}
    )
    report = await archive.run(DataType.AI_ANALYSIS)
    assert report.to_archive.documents == 9
    assert set(await stored(archive.database, "ai_analysis")) == {"analysis-00000003"}
    # Its 24 weeks are over, and two more.
    late = await archive.run(DataType.AI_ANALYSIS, as_of=NOW + timedelta(days=200))
    assert (late.to_archive.documents, late.deleted.documents) == (1, 10)
    assert await stored(archive.database, "archive_ai_analysis") == {}


async def test_the_newest_candles_of_a_series_stay_hot(archive: Archive) -> None:
    months_old = [(n, 200.0) for n in range(HOT_CANDLES_A_SERIES + 200)]
    await fill(archive.database, DataType.CANDLES, months_old)
    days = [
        candle(n, 200.0, _id=f"day {n}", timeframe="1d", open_time=NOW - timedelta(days=n))
        for n in range(900)
    ]
    await archive.database["candles"].insert_many(days)
    report = await archive.run(DataType.CANDLES)
    assert report.refusals == ()
    assert report.to_cold.documents == 200
    hot = archive.database["candles"]
    assert await hot.count_documents({"timeframe": "1m"}) == HOT_CANDLES_A_SERIES
    assert await hot.count_documents({"timeframe": "1d"}) == 900


async def test_trades_that_may_still_change_stay(archive: Archive) -> None:
    await fill(archive.database, DataType.TRADES, [(n, 60.0) for n in range(6)])
    trades = archive.database["trades"]
    statuses = ("NEW", "PARTIALLY_FILLED", "UNKNOWN", "SUBMITTING")
    for number, status in enumerate(statuses):
        await trades.update_one({"_id": f"trade-{number:08}"}, {"$set": {"status": status}})
    await archive.database["accounts"].insert_one(
        {
            "user_id": "user_04",
            "version": 1,
            "balances": {},
            "positions": {},
            "orders": {"trade-00000004": {}},
            "limits": {},
            "trading_state": "ACTIVE",
            "resting_since": NOW - timedelta(days=60),
            "unconfirmed_since": None,
        }
    )
    report = await archive.run(DataType.TRADES)
    assert report.to_archive.documents == 1
    assert set(await stored(archive.database, "archive_trades")) == {"trade-00000005"}


async def test_files_past_their_last_age_are_deleted(archive: Archive) -> None:
    await fill(archive.database, DataType.USER_ACTIVITY, [(n, 500.0) for n in range(30)])
    await archive.run(DataType.USER_ACTIVITY)
    [manifest] = await archive.manifests.manifests()
    early = await archive.run(DataType.USER_ACTIVITY, as_of=NOW + timedelta(days=2_000))
    assert early.deleted.files == 0
    late = await archive.run(DataType.USER_ACTIVITY, as_of=NOW + timedelta(days=2_100))
    assert (late.deleted.files, late.deleted.documents) == (1, 30)
    [expired] = await archive.manifests.manifests()
    assert expired.state is ManifestState.EXPIRED
    assert expired.expired_at is not None
    assert ("DELETE", f"/{manifest.bucket}/{manifest.key}") in archive.storage.seen
    assert await archive.manifests.cold(DataType.USER_ACTIVITY) == []


async def test_what_was_restored_is_deleted_after_a_while(archive: Archive) -> None:
    await fill(archive.database, DataType.TRADES, [(n, 300.0) for n in range(20)])
    await archive.run(DataType.TRADES)
    request = RestoreRequest(DataType.TRADES, NOW - timedelta(days=400), NOW)
    report = await (await archive.restore(request)).result()
    assert report.available_until is not None
    await archive.run(DataType.TRADES)
    assert len(await stored(archive.database, "restored_trades")) == 20
    await archive.database["archive_restores"].update_one(
        {"_id": request.workflow_id}, {"$set": {"report.available_until": "2020-01-01T00:00:00Z"}}
    )
    await archive.run(DataType.TRADES)
    assert await stored(archive.database, "restored_trades") == {}


async def test_schedules_are_made_once_and_backfilled_as_of_their_time(archive: Archive) -> None:
    await fill(archive.database, DataType.TRADES, [(n, 60.0) for n in range(10)])
    await ensure_archival_schedules(archive.client, every_h=24)
    handles = {each: archive.client.get_schedule_handle(f"archival-{each}") for each in DataType}
    try:
        for handle in handles.values():
            await handle.pause(note="an operator's")
        await ensure_archival_schedules(archive.client, every_h=12)
        found = await handles[DataType.TRADES].describe()
        assert found.schedule.state.note == "an operator's"
        assert found.schedule.spec.intervals[0].every == timedelta(hours=12)

        # A backfill of a day before any was old enough, while somebody's own run is at work.
        report = await _backfilled(archive, handles[DataType.TRADES], NOW - timedelta(days=31))
        assert report.to_archive.documents == 0
        report = await _backfilled(archive, handles[DataType.TRADES], NOW)
        assert report.to_archive.documents == 10
    finally:
        for handle in handles.values():
            await handle.delete()


async def _backfilled(archive: Archive, schedule: ScheduleHandle, at: datetime) -> ArchivalReport:
    """Backfill the half day after a moment, and return what its run did."""
    window = ScheduleBackfill(at, at + timedelta(hours=12), overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    before = {each.id for each in await _scheduled(archive)}
    await schedule.backfill(window)

    begun: list[WorkflowExecution] = []

    async def has_begun() -> bool:
        begun[:] = [each for each in await _scheduled(archive) if each.id not in before]
        return bool(begun)

    await until(has_begun)
    handle = archive.client.get_workflow_handle(begun[0].id, result_type=ArchivalReport)
    report: ArchivalReport = await handle.result()
    assert at <= report.as_of <= at + timedelta(hours=12)
    if report.to_archive.documents:
        await keep_history(handle, "scheduled")
    return report


async def _scheduled(archive: Archive) -> list[WorkflowExecution]:
    query = "WorkflowType = 'ScheduledArchival' AND DataType = 'trades'"
    return [each async for each in archive.client.list_workflows(query)]
