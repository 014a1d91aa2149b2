"""Runs of the archive and restores that began under earlier code end under this one.

After a change that is meant to break them: `RECORD_HISTORIES=1 pytest tests/workers/archival`
writes new ones; a restore waits for days, so that the change needs `workflow.patched` as well.
"""

import pytest
from temporalio import workflow

from domain.archival.messages import ArchivalReport, ArchivalRequest
from tests.replay.replaying import DIRECTORY, kept, replayer
from workflows.data_archival import DataArchival, ScheduledArchival
from workflows.restore import Restore

NAMES = sorted(path.stem for path in (DIRECTORY / "archival").glob("*.json"))


@workflow.defn(name="DataArchival")
class SomethingElse:
    """A workflow of the same name that goes another way."""

    @workflow.run
    async def run(self, request: ArchivalRequest) -> ArchivalReport:
        await workflow.sleep(1, summary=request.workflow_id)
        raise NotImplementedError


def test_every_kind_of_life_is_kept() -> None:
    assert [
        *("dry_run", "moved", "refused", "restored", "scheduled", "system_logs", "user_activity")
    ] == NAMES


@pytest.mark.parametrize("name", NAMES)
async def test_kept_histories_replay(name: str) -> None:
    await replayer(DataArchival, ScheduledArchival, Restore).replay_workflow(
        kept(f"archival/{name}")
    )


async def test_another_way_is_noticed() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(SomethingElse).replay_workflow(kept("archival/moved"))
