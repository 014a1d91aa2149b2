"""Analyses that began under earlier code end under this one.

After a change that is meant to break them: `RECORD_HISTORIES=1 pytest tests/api/routes/ai` writes
new ones; scores wait for days, so that the change needs `workflow.patched` as well.
"""

import pytest
from temporalio import workflow

from domain.analysis import Analysis, AnalysisRequest
from tests.replay.replaying import DIRECTORY, kept, replayer
from workflows.ai_analysis import AIAnalysis
from workflows.analysis_score import AnalysisScore

NAMES = sorted(path.stem for path in (DIRECTORY / "analysis").glob("*.json"))


@workflow.defn(name="AIAnalysis")
class SomethingElse:
    """A workflow of the same name that goes another way."""

    @workflow.run
    async def run(self, request: AnalysisRequest) -> Analysis:
        await workflow.sleep(1, summary=request.symbol)
        raise NotImplementedError


def test_every_kind_of_life_is_kept() -> None:
    assert NAMES == ["answered", "broken", "repaired", "retried", "score", "unavailable"]


@pytest.mark.parametrize("name", NAMES)
async def test_kept_histories_replay(name: str) -> None:
    await replayer(AIAnalysis, AnalysisScore).replay_workflow(kept(f"analysis/{name}"))


async def test_another_way_is_noticed() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(SomethingElse).replay_workflow(kept("analysis/answered"))
