"""The sweep for notices that were never begun."""

from temporalio import workflow

from activities.notices import NoticeActivities
from workflows.steps import once


@workflow.defn(name="NoticeSweep")
class NoticeSweep:
    """One sweep; a schedule starts it, one at a time."""

    @workflow.run
    async def run(self) -> int:
        """Sweep once and return how many were begun; the next sweep is the retry."""
        begun: int = await once(NoticeActivities.sweep, summary="begin notices left behind")
        return begun
