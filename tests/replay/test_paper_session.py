"""Finished sessions replay: the same commands, and the same state to the last digit."""

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory

from domain.paper.state import SessionState
from domain.paper_messages import PaperRun
from tests.replay.replaying import DIRECTORY, kept, replayer
from workers.temporal import DATA_CONVERTER
from workflows.paper_session import PaperSession

NAMES = sorted(path.stem for path in (DIRECTORY / "paper").glob("*.json"))
ENDS: list[SessionState] = []


@workflow.defn(name="PaperSession")
class Watched(PaperSession):
    """The same session, which tells how it ended."""

    @workflow.init
    def __init__(self, run: PaperRun) -> None:
        super().__init__(run)

    @workflow.run
    async def run(self, run: PaperRun) -> SessionState:
        state = await super().run(run)
        ENDS.append(state)
        return state


@workflow.defn(name="PaperSession")
class SomethingElse:
    """A workflow of the same name that goes another way."""

    @workflow.run
    async def run(self, run: PaperRun) -> None:
        await workflow.sleep(run.revision + 1)


def test_every_kind_of_life_is_kept() -> None:
    assert NAMES == ["lived", "resumed"]


def _told_end(history: WorkflowHistory) -> SessionState:
    """Return the state with which a session ended when it was recorded."""
    completed = history.events[-1].workflow_execution_completed_event_attributes
    [state] = DATA_CONVERTER.payload_converter.from_payloads(
        completed.result.payloads, [SessionState]
    )
    assert isinstance(state, SessionState)
    return state


@pytest.mark.parametrize("name", NAMES)
async def test_kept_histories_replay_to_the_last_digit(name: str) -> None:
    history = kept(f"paper/{name}")
    ENDS.clear()
    await replayer(Watched).replay_workflow(history)
    told = _told_end(history)
    assert [told] == ENDS
    assert told.fill_count > 0


async def test_another_way_is_noticed() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(SomethingElse).replay_workflow(kept("paper/lived"))
