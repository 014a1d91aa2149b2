"""Speaks to `adapters.apprise_child`, and starts it anew when it has died."""

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog

from adapters.outbound_network import OutboundNetwork
from domain.notifications import Attempt, Reaction
from domain.timing import APPRISE_TIMEOUT_S

# What it takes to load two hundred plugins on a machine that is busy.
_START_TIMEOUT_S: Final = 60.0
_CHECK_TIMEOUT_S: Final = 5.0
# Beyond a job's own time: the fork, and the way there and back.
_MARGIN_S: Final = 5.0
_FORKS: Final = 8
_END_WITHIN_S: Final = 5.0
_LINE_MAX_BYTES: Final = 1 << 20

_log = structlog.get_logger(__name__)


class ChildLostError(Exception):
    """The process that knows apprise has ended or does not answer."""


@dataclass(frozen=True, slots=True)
class Service:
    """What apprise makes of an address: which service, and the hosts that its user chose."""

    schema: str
    hosts: tuple[str, ...]


class AppriseProcess:
    """Use `open_apprise`; the process is started with the first job.

    Args:
        network: Where targets may be.
    """

    def __init__(self, network: OutboundNetwork) -> None:
        self._network = network
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._slots = asyncio.Semaphore(_FORKS)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def check(self, url: str) -> Service | None:
        """Return what apprise reads in an address, or None where that is nothing we allow.

        Raises:
            ChildLostError: Nobody knows.
        """
        answer = await self._ask({"job": "check", "url": url, "timeout_s": _CHECK_TIMEOUT_S})
        if answer["status"] != "ok":
            return None
        return Service(answer["schema"], tuple(answer["hosts"]))

    async def send(self, url: str, title: str, body: str) -> Attempt:
        """Make one attempt; whatever happens to it is told by its result."""
        job = {
            "job": "send",
            "url": url,
            "title": title,
            "body": body,
            "allowed": [str(each) for each in self._network.allowed],
            "timeout_s": APPRISE_TIMEOUT_S,
        }
        try:
            answer = await self._ask(job)
        except ChildLostError as error:
            return Attempt(Reaction.PASSING, str(error))
        reaction = {"ok": Reaction.ACCEPTED, "refused": Reaction.REFUSED}
        return Attempt(reaction.get(answer["status"], Reaction.PASSING), answer["detail"])

    async def close(self) -> None:
        """End the process; what it was doing is given up."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), _END_WITHIN_S)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        async with self._slots:
            process = await self._started()
            answered = asyncio.get_running_loop().create_future()
            self._waiting[number] = answered
            try:
                assert process.stdin is not None  # noqa: S101 - it was made with a pipe
                process.stdin.write(orjson.dumps({**job, "id": number}) + b"\n")
                await process.stdin.drain()
                return await asyncio.wait_for(answered, job["timeout_s"] + _MARGIN_S)
            except TimeoutError as error:
                # It reaps its forks by their alarms; if it does not, it is stuck itself.
                process.kill()
                raise ChildLostError("it did not answer") from error
            except (ConnectionError, RuntimeError) as error:
                raise ChildLostError("it has ended") from error
            finally:
                self._waiting.pop(number, None)

    async def _started(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return self._process
            if self._reading is not None:
                await asyncio.gather(self._reading, return_exceptions=True)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "adapters.apprise_child"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE_MAX_BYTES,
                # None of our settings, and so none of our secrets.
                env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                # Ctrl-C is for us; it ends when we close its stdin.
                start_new_session=True,
            )
            assert self._process.stdout is not None  # noqa: S101 - it was made with a pipe
            try:
                await asyncio.wait_for(self._process.stdout.readline(), _START_TIMEOUT_S)
            except TimeoutError as error:
                self._process.kill()
                raise ChildLostError("it did not start") from error
            self._reading = asyncio.create_task(self._read(self._process), name="apprise-answers")
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was made with a pipe
        while line := await process.stdout.readline():
            answer = orjson.loads(line)
            waiting = self._waiting.get(answer["id"])
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        exit_code = await process.wait()
        _log.info("apprise.ended", exit_code=exit_code)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ChildLostError("it has ended"))


@asynccontextmanager
async def open_apprise(network: OutboundNetwork) -> AsyncIterator[AppriseProcess]:
    """Open the way to apprise for a process of ours."""
    process = AppriseProcess(network)
    try:
        yield process
    finally:
        await process.close()
