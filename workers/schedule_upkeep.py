"""Temporal Schedules as every start of a process finds or makes them."""

from dataclasses import replace

from temporalio.client import (
    Client,
    Schedule,
    ScheduleAlreadyRunningError,
    ScheduleUpdate,
    ScheduleUpdateInput,
)


async def ensure_schedule(client: Client, schedule_id: str, wanted: Schedule) -> None:
    """Make a schedule, or bring it up to date; an operator's pause stays.

    Raises:
        RPCError: Temporal could not be reached.
    """
    try:
        await client.create_schedule(schedule_id, wanted)
    except ScheduleAlreadyRunningError:

        def renew(found: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(replace(wanted, state=found.description.schedule.state))

        await client.get_schedule_handle(schedule_id).update(renew)
