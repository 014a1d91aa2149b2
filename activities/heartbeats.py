"""Heartbeats of long steps: sent while they work, and taken up by the next attempt."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import as_failures
from domain.timing import MAX_ATTEMPTS

# So many in the time after which a silent worker is taken for dead.
_BEATS_IN_TIMEOUT = 3


@dataclass(slots=True)
class Pulse:
    """What the heartbeats tell: how far a step has come."""

    details: Any = None

    def beat(self, details: Any) -> None:
        """Tell a new state, now."""
        self.details = details
        activity.heartbeat(details)


@asynccontextmanager
async def beating(details: Any = None) -> AsyncIterator[Pulse]:
    """Send heartbeats, also while a step waits for something that takes long."""
    pulse = Pulse(details)
    timeout = activity.info().heartbeat_timeout or timedelta(seconds=_BEATS_IN_TIMEOUT)

    async def beat() -> None:
        while True:
            activity.heartbeat(pulse.details)
            await asyncio.sleep(timeout.total_seconds() / _BEATS_IN_TIMEOUT)

    beats = asyncio.create_task(beat())
    try:
        yield pulse
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats


@contextmanager
def final_after_attempts() -> Iterator[None]:
    """Let errors leave a step; from the document's last attempt on they are final.

    A worker's death is no attempt of the step's, but Temporal counts it as one: therefore the
    policy has no limit, and this has.
    """
    try:
        with as_failures():
            yield
    except ApplicationError as error:
        if activity.info().attempt < MAX_ATTEMPTS or error.non_retryable:
            raise
        raise ApplicationError(
            error.message, *error.details, type=error.type, non_retryable=True
        ) from error
    except Exception as error:
        if activity.info().attempt < MAX_ATTEMPTS:
            raise
        raise ApplicationError(str(error), type="Unexpected", non_retryable=True) from error
