"""Notices that began under earlier code end under this one.

After a change that is meant to break them: `RECORD_HISTORIES=1 pytest
tests/api/routes/test_notices.py` writes new ones.
"""

import pytest

from tests.replay.replaying import DIRECTORY, kept, replayer
from workflows.account_notice import AccountNotice
from workflows.notice_sweep import NoticeSweep

NAMES = sorted(path.stem for path in (DIRECTORY / "notices").glob("*.json"))


def test_every_kind_of_life_is_kept() -> None:
    assert NAMES == ["published", "retried", "sweep"]


@pytest.mark.parametrize("name", NAMES)
async def test_kept_histories_replay(name: str) -> None:
    await replayer(AccountNotice, NoticeSweep).replay_workflow(kept(f"notices/{name}"))
