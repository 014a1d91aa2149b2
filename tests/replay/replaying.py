"""Histories of trades, kept to be replayed by later code."""

import json
import socket
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from workers.temporal import DATA_CONVERTER

DIRECTORY = Path(__file__).parent / "histories"
# Where a history was made is nobody's business, and replays without it.
_PLACE = {"identity", "stackTrace", "binaryChecksum", "buildId"}


def replayer(*workflows: type) -> Replayer:
    """Make a replayer as the trading worker is made."""
    return Replayer(
        workflows=workflows,
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=DATA_CONVERTER,
    )


def keep(name: str, history: WorkflowHistory) -> None:
    """Write a history down, without what tells the machine."""
    document = _without_place(json.loads(history.to_json()))
    document["workflow_id"] = history.workflow_id
    text = json.dumps(document, separators=(",", ":")).replace(socket.gethostname(), "host")
    (DIRECTORY / f"{name}.json").write_text(text + "\n")


def kept(name: str) -> WorkflowHistory:
    """Read a history that was kept."""
    document = json.loads((DIRECTORY / f"{name}.json").read_text())
    return WorkflowHistory.from_json(document.pop("workflow_id"), document)


def _without_place(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _without_place(value) for name, value in part.items() if name not in _PLACE}
    return [_without_place(value) for value in part] if isinstance(part, list) else part
