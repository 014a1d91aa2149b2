"""Endless work side by side, which ends as a whole."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from adapters.ending_tasks import end_tasks


async def run_together(*work: Coroutine[Any, Any, None]) -> None:
    """Run until cancelled or until one of them fails, whose error is raised; end all of them.

    Unlike a TaskGroup it cancels until it is heard (`end_tasks` says why that is needed), and
    cancelling it again changes nothing.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        ending = asyncio.create_task(end_tasks(tasks))
        while not ending.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(ending)
