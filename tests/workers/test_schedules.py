"""Schedules are made once, renewed by every start, and stay as operators left them."""

from datetime import timedelta

from temporalio.client import ScheduleActionStartWorkflow, ScheduleOverlapPolicy

from domain.timing import ORPHAN_SWEEP_INTERVAL_S
from tests.trading_floor import Floor, until
from workers.schedules import ORPHAN_SWEEP, ensure_schedules, wanted_schedules


async def test_the_sweep_is_scheduled_once_and_runs(floor: Floor) -> None:
    client = floor.trading.client
    await ensure_schedules(client)
    handle = client.get_schedule_handle(ORPHAN_SWEEP)
    try:
        await handle.pause(note="an operator's")
        await ensure_schedules(client)
        found = await handle.describe()
        assert found.schedule.state.paused
        assert found.schedule.state.note == "an operator's"
        assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
        assert [each.every for each in found.schedule.spec.intervals] == [
            timedelta(seconds=ORPHAN_SWEEP_INTERVAL_S)
        ]
        assert isinstance(found.schedule.action, ScheduleActionStartWorkflow)
        assert found.schedule.action.workflow == "OrphanSweep"
        await handle.trigger()

        async def has_run() -> bool:
            return bool((await handle.describe()).info.recent_actions)

        await until(has_run)
        action = (await handle.describe()).info.recent_actions[0].action
        assert await client.get_workflow_handle(action.workflow_id).result()  # type: ignore[attr-defined]  # the only kind of action there is
    finally:
        for name in wanted_schedules():
            await client.get_schedule_handle(name).delete()
