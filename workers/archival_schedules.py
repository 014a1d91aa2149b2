"""A Temporal Schedule for each kind of records, which operators pause, resume and backfill."""

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

from domain.archival.messages import ARCHIVAL_QUEUE
from domain.archival.tiers import DataType
from domain.timing import ARCHIVAL_TURNS_LIMIT_S
from workers.schedule_upkeep import ensure_schedule
from workflows.data_archival import ScheduledArchival

# Runs that were missed are not made up for: the next one moves all that is old enough.
_CATCH_UP = timedelta(minutes=10)
# The kinds begin one after the other, so that they do not all work at once.
_APART = timedelta(minutes=10)


def archival_schedule_id(data_type: DataType) -> str:
    """Name the schedule of a kind."""
    return f"archival-{data_type}"


async def ensure_archival_schedules(client: Client, every_h: float) -> None:
    """Make the schedules, or bring them up to date; an operator's pause stays.

    Raises:
        RPCError: Temporal could not be reached.
    """
    for number, data_type in enumerate(DataType):
        wanted = _schedule(data_type, timedelta(hours=every_h), number * _APART)
        await ensure_schedule(client, archival_schedule_id(data_type), wanted)


def _schedule(data_type: DataType, every: timedelta, offset: timedelta) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ScheduledArchival.run,
            data_type,
            id=f"scheduled-{archival_schedule_id(data_type)}",
            task_queue=ARCHIVAL_QUEUE,
            execution_timeout=timedelta(seconds=ARCHIVAL_TURNS_LIMIT_S),
            static_summary=f"{data_type}: hot → archive → cold storage",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every, offset=offset % every)]),
        # One after the other: a backfill of missed days is what an operator asked for.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=_CATCH_UP),
    )
