"""Speaks to `adapters.apprise_child`, and starts it anew when it has died."""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog

from adapters.outbound_network import OutboundNetwork
from domain.notifications import Attempt, Reaction
from domain.timing import APPRISE_MARGIN_S, APPRISE_TIMEOUT_S

# What it takes to load two hundred plugins on a machine that is busy.
_START_TIMEOUT_S: Final = 60.0
_CHECK_TIMEOUT_S: Final = 5.0
_FORKS: Final = 8
# One user's slow servers leave the others to other users.
_FORKS_PER_USER: Final = 2
_END_WITHIN_S: Final = 5.0
_FORK_ENDS_WITHIN_S: Final = 1.0
_LINE_MAX_BYTES: Final = 1 << 20

_log = structlog.get_logger(__name__)


class ChildLostError(Exception):
    """The process that knows apprise has ended or does not answer."""


class NoTurnError(ChildLostError):
    """Nothing was attempted: its turn has not come in time."""


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
        self._starting: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._slots = asyncio.Semaphore(_FORKS)
        # Forgotten once nobody holds or waits for one.
        self._of_users: weakref.WeakValueDictionary[str, asyncio.Semaphore]
        self._of_users = weakref.WeakValueDictionary()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def check(self, url: str) -> Service | None:
        """Return what apprise reads in an address, or None where that is nothing we allow.

        Raises:
            ChildLostError: Nobody knows.
        """
        async with self._turn(_START_TIMEOUT_S):
            answer = await self._ask({"job": "check", "url": url, "timeout_s": _CHECK_TIMEOUT_S})
        if answer["status"] != "ok":
            return None
        return Service(answer["schema"], tuple(answer["hosts"]))

    @asynccontextmanager
    async def turn(self, user_id: str, within_s: float) -> AsyncIterator[None]:
        """Wait until something of a user's can be sent; what is sent is sent inside.

        Raises:
            NoTurnError: Not within this time.
        """
        own = self._of_users.setdefault(user_id, asyncio.Semaphore(_FORKS_PER_USER))
        async with self._turn(within_s, own):
            yield

    async def send(self, url: str, title: str, body: str) -> Attempt:
        """Make one attempt, in a turn; whatever happens to it is told by its result.

        If it is cancelled, it is over when this ends: nothing is sent afterwards.
        """
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
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                async with asyncio.timeout(_END_WITHIN_S):
                    await self._process.wait()
            except TimeoutError:
                _kill(self._process)
                await self._process.wait()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    @asynccontextmanager
    async def _turn(self, within_s: float, *limits: asyncio.Semaphore) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(within_s):
                    for each in (*limits, self._slots):
                        await held.enter_async_context(each)
                    await self._started()
            except (TimeoutError, ChildLostError) as error:
                raise NoTurnError("it waits for its turn") from error
            yield

    async def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        process = await self._started()
        answered = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            await _tell(process, {**job, "id": number})
            # Shielded: cancelled, it would not tell any more when the fork has ended.
            patience_s = job["timeout_s"] + APPRISE_MARGIN_S
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(answered)
        except TimeoutError as error:
            # It reaps its forks by their alarms; if it does not, it is stuck itself.
            _kill(process)
            raise ChildLostError("it did not answer") from error
        except (ConnectionError, RuntimeError) as error:
            raise ChildLostError("it has ended") from error
        except asyncio.CancelledError:
            # Whoever is given this next must not send it beside a fork that still does.
            with contextlib.suppress(ConnectionError, RuntimeError):
                await _tell(process, {"job": "end", "id": number})
                await asyncio.wait([answered], timeout=_FORK_ENDS_WITHIN_S)
            raise
        finally:
            self._waiting.pop(number, None)
            answered.cancel()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._starting is None or not _may_be_up(self._starting):
            self._starting = asyncio.create_task(self._start(), name="apprise-start")
        # Whoever does not wait for it leaves it to those who come later.
        return await asyncio.shield(self._starting)

    async def _start(self) -> asyncio.subprocess.Process:
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "adapters.apprise_child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_MAX_BYTES,
            # None of our settings, and so none of our secrets.
            env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # Ctrl-C is for us; it ends when we close its stdin.
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101 - it was made with a pipe
        hello = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_TIMEOUT_S):
                hello = await process.stdout.readline()
        if not hello:
            _kill(process)
            _log.warning("apprise.not_started", exit_code=await process.wait())
            raise ChildLostError("it did not start")
        self._reading = asyncio.create_task(self._read(process), name="apprise-answers")
        return process

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


async def _tell(process: asyncio.subprocess.Process, job: dict[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101 - it was made with a pipe
    process.stdin.write(orjson.dumps(job) + b"\n")
    await process.stdin.drain()


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill a process that is stuck, and its forks, which would go on to send."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            # It leads a group of its own, see `start_new_session`.
            os.killpg(process.pid, signal.SIGKILL)


def _may_be_up(starting: asyncio.Task[asyncio.subprocess.Process]) -> bool:
    if not starting.done():
        return True
    if starting.cancelled() or starting.exception() is not None:
        return False
    return starting.result().returncode is None


@asynccontextmanager
async def open_apprise(network: OutboundNetwork) -> AsyncIterator[AppriseProcess]:
    """Open the way to apprise for a process of ours."""
    process = AppriseProcess(network)
    try:
        yield process
    finally:
        await process.close()
