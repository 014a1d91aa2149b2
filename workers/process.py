"""What every process of ours does around its work: settings, logs, signals, the loop."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop

from workers.logs import configure_logs
from workers.settings import Settings

# Works until the event is set, then puts everything in order and returns.
Work = Callable[[Settings, asyncio.Event], Awaitable[None]]


def run_process(work: Work) -> None:
    """Run `work` until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logs(settings.log_level)
    uvloop.run(_until_signal(work, settings))


async def run_until(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Run endless work, and cancel it when `stop` is set; its own failure is raised."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _until_signal(work: Work, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(settings, stop)
