"""The sweep for orders that were reserved and then forgotten by a crash."""

from temporalio import workflow

from activities.orphans import OrphanActivities, Swept
from workflows.steps import once


@workflow.defn(name="OrphanSweep")
class OrphanSweep:
    """One sweep; a schedule starts it, one at a time."""

    @workflow.run
    async def run(self) -> Swept:
        """Sweep once; where it fails, the next sweep is the retry."""
        swept: Swept = await once(OrphanActivities.sweep, summary="look after orphaned orders")
        return swept
