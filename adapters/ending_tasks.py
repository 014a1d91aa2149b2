"""The end of tasks that speak to Redis or RabbitMQ, whose clients lose or make cancellations."""

import asyncio
from collections.abc import Iterable
from typing import Any

REPEAT_S = 0.1


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and return when they have ended.

    redis-py loses a cancellation that meets a connection which breaks at that moment; so it
    is repeated until it is heard.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=REPEAT_S)


def is_cancelled() -> bool:
    """Tell whether somebody has cancelled the current task, as opposed to what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def end_if_cancelled() -> None:
    """Raise the cancellation of the current task that redis-py may have lost."""
    if is_cancelled():
        raise asyncio.CancelledError
