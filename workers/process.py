"""What every process of ours does around its work: settings, logs, signals, the loop."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop

from workers.logs import configure_logs
from workers.settings import Settings

# motor works in threads. With the interpreter's usual 5 ms, a thread that has an answer waits
# that long for its turn while the loop is busy with the start of the workflow.
THREAD_SWITCH_INTERVAL_S = 0.0005

# Works until the event is set, then puts everything in order and returns.
Work = Callable[[Settings, asyncio.Event], Awaitable[None]]


def run_process(work: Work) -> None:
    """Run `work` until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logs(settings.log_level)
    uvloop.run(_until_signal(work, settings))
    gc.freeze()  # or the end would look through all that was imported, for up to a second


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


def settle_interpreter() -> None:
    """Prepare the interpreter for answers in milliseconds; call it once all is imported.

    What lives now lives as long as the process: the garbage collector need not look through
    it again and again, which stops everything for tens of milliseconds each time.
    """
    sys.setswitchinterval(THREAD_SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
