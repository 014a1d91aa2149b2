"""Workflows that began under earlier code end under this one.

After a change that is meant to break them: `RECORD_HISTORIES=1 pytest tests/api/routes -k replay`
writes new ones, and until no order of the old code is open, the change needs `workflow.patched`.
"""

import pytest
from temporalio import workflow

from domain.orders import Order
from domain.placement import Placement
from domain.trades import Trade
from tests.replay.replaying import DIRECTORY, kept, replayer
from workflows.trade_execution import TradeExecution

NAMES = sorted(path.stem for path in DIRECTORY.glob("*.json"))


@workflow.defn(name="TradeExecution")
class SomethingElse:
    """A workflow of the same name that goes another way."""

    @workflow.run
    async def run(self, order: Order, resumed: Trade | None = None) -> Placement:
        await workflow.sleep(1 if resumed is None else 2, summary=order.trade_id)
        return Placement()


def test_every_kind_of_life_is_kept() -> None:
    assert NAMES == ["canceled", "denied", "failed", "filled", "refused", "retried", "unknown"]


@pytest.mark.parametrize("name", NAMES)
async def test_kept_histories_replay(name: str) -> None:
    await replayer(TradeExecution).replay_workflow(kept(name))


async def test_another_way_is_noticed() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(SomethingElse).replay_workflow(kept("filled"))
