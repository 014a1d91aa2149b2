"""What runs by itself again and again: Temporal Schedules, made by the trading worker."""

from dataclasses import replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from domain.timing import ORPHAN_SWEEP_INTERVAL_S
from workers.temporal import TRADING_QUEUE
from workflows.orphan_sweep import OrphanSweep

ORPHAN_SWEEP = "orphan-sweep"
# Sweeps that were missed are not made up for: the next one finds everything.
_CATCH_UP = timedelta(seconds=10)
# A sweep that no worker took in this time is given up, so that the list stays readable.
_SWEEP_TIMEOUT = timedelta(seconds=60)


async def ensure_schedules(client: Client) -> None:
    """Make every schedule, or bring it up to date; an operator's pause stays.

    Raises:
        RPCError: Temporal could not be reached.
    """
    wanted = _orphan_sweep()
    try:
        await client.create_schedule(ORPHAN_SWEEP, wanted)
    except ScheduleAlreadyRunningError:

        def renew(found: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(replace(wanted, state=found.description.schedule.state))

        await client.get_schedule_handle(ORPHAN_SWEEP).update(renew)


def _orphan_sweep() -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            OrphanSweep.run,
            id=ORPHAN_SWEEP,
            task_queue=TRADING_QUEUE,
            execution_timeout=_SWEEP_TIMEOUT,
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=timedelta(seconds=ORPHAN_SWEEP_INTERVAL_S))]
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
    )
