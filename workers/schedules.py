"""What runs by itself again and again: Temporal Schedules, made by the trading worker."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from domain.timing import NOTICE_SWEEP_INTERVAL_S, ORPHAN_SWEEP_INTERVAL_S
from workers.schedule_upkeep import ensure_schedule
from workers.temporal import NOTICES_QUEUE, TRADING_QUEUE
from workflows.notice_sweep import NoticeSweep
from workflows.orphan_sweep import OrphanSweep

ORPHAN_SWEEP = "orphan-sweep"
NOTICE_SWEEP = "notice-sweep"
# Sweeps that were missed are not made up for: the next one finds everything.
_CATCH_UP = timedelta(seconds=10)
# A sweep that no worker took in this time is given up, so that the list stays readable.
_SWEEP_TIMEOUT = timedelta(seconds=60)


async def ensure_schedules(client: Client) -> None:
    """Make every schedule, or bring it up to date; an operator's pause stays.

    Raises:
        RPCError: Temporal could not be reached.
    """
    for name, wanted in wanted_schedules().items():
        await ensure_schedule(client, name, wanted)


def wanted_schedules() -> dict[str, Schedule]:
    """Return every schedule by its id."""
    return {
        ORPHAN_SWEEP: _sweep(OrphanSweep, ORPHAN_SWEEP, TRADING_QUEUE, ORPHAN_SWEEP_INTERVAL_S),
        NOTICE_SWEEP: _sweep(NoticeSweep, NOTICE_SWEEP, NOTICES_QUEUE, NOTICE_SWEEP_INTERVAL_S),
    }


def _sweep(
    workflow: type[OrphanSweep | NoticeSweep], name: str, queue: str, every_s: float
) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            workflow.run, id=name, task_queue=queue, execution_timeout=_SWEEP_TIMEOUT
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=every_s))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
    )
