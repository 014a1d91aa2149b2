"""A run followed to its end, with a bar where somebody watches."""

import asyncio

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from temporalio.client import WorkflowExecutionStatus

from domain.archival.messages import Progress as RunProgress
from domain.archival.messages import Stage
from workers.archive_desk import ArchiveDesk, Report, Run

POLL_S = 0.5
# Nobody has answered for so long: worth saying, not worth giving up.
SILENCE_S = 10.0


async def follow(
    desk: ArchiveDesk, workflow_id: str, result: type[Report], console: Console
) -> Run:
    """Show a run until it has ended; return how it ended.

    Raises:
        BotCoreError: Temporal is away, or has forgotten the run.
    """
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    silent_polls = 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        shown = _Shown(bar)
        while True:
            run = await desk.run(workflow_id, result)
            if run.status is not WorkflowExecutionStatus.RUNNING:
                return run
            silent_polls = 0 if run.progress is not None else silent_polls + 1
            if run.progress is not None:
                shown.renew(run.progress)
            elif silent_polls == round(SILENCE_S / POLL_S):
                console.print("no archival worker answers: is `python -m workers.archival` up?")
            await asyncio.sleep(POLL_S)


class _Shown:
    """One bar a stage; the earlier ones stay, full."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None
        self._stage: Stage | None = None

    def renew(self, progress: RunProgress) -> None:
        if progress.stage is not self._stage or self._task is None:
            self._stage = progress.stage
            self._task = self._bar.add_task(str(progress.stage), total=None, rate="")
        self._bar.update(
            self._task,
            completed=progress.documents,
            total=progress.total or None,
            rate=f"{progress.documents_per_s:,.0f}/s" if progress.documents_per_s else "",
        )
