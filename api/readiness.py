"""Whether this process can do its work now: each dependency asked, in bounded time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import structlog

log = structlog.get_logger(__name__)

PROBE_TIMEOUT_S = 1.0

# Returns once the dependency has answered; raises whatever it raises otherwise.
Probe = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Readiness:
    """What `/readyz` answers.

    `probes` names what this process cannot work without. `pending` names the steps of its
    start that have not finished yet. `draining` is set as the first act of a shutdown.
    """

    probes: dict[str, Probe] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    draining: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def finish(self, step: str) -> None:
        """Say that one step of the start is done."""
        async with self._changed:
            self.pending.discard(step)
            self._changed.notify_all()

    async def started(self) -> None:
        """Wait until every step of the start is done."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.pending)

    async def check(self) -> tuple[bool, dict[str, Any]]:
        """Ask everything side by side; return whether all is well, and the report."""
        names = list(self.probes)
        reports = await asyncio.gather(*(_ask(name, self.probes[name]) for name in names))
        dependencies = dict(zip(names, reports, strict=True))
        answered = all(report["state"] == "up" for report in reports)
        ready = answered and not self.pending and not self.draining
        return ready, {
            "state": self._state(ready=ready),
            "pending": sorted(self.pending),
            "dependencies": dependencies,
        }

    def _state(self, *, ready: bool) -> str:
        if self.draining:
            return "draining"
        return "ready" if ready else "starting" if self.pending else "degraded"


async def _ask(name: str, probe: Probe) -> dict[str, Any]:
    started = perf_counter()
    state = "up"
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await probe()
    except TimeoutError:
        state = "timeout"
    except Exception as error:  # noqa: BLE001 - any fault at all means that it is down
        # Its text may name addresses and people; that is for our logs only.
        log.warning("dependency_down", dependency=name, error=repr(error))
        state = "down"
    return {"state": state, "ms": round((perf_counter() - started) * 1_000, 1)}
