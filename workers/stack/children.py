"""Child processes that never outlive the one that started them."""

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workers.readiness import READY_FD_VARIABLE, READY_LINE

# Clean ends are short; the longest is RabbitMQ's, which closes its queues' files.
STOP_GRACE_S = 20.0
_POLL_S = 0.05
_LOG_TAIL_BYTES = 2_000
# A parent that died before the signal was asked for will never cause it.
_UNLESS_ORPHANED = 'test "$PPID" = "$0" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Launch:
    """What to execute: the command, its additions to the environment, its directory."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None


class StartError(RuntimeError):
    """A child ended, or stayed silent for too long, before it was ready."""


class Child:
    """One running child in a session of its own.

    Its process group is killed whole after its leader ended. Where the kernel can
    (Linux), the leader is sent SIGTERM when this process dies by whatever cause. That
    signal is tied to the thread that starts the child: start children from the main one.
    """

    def __init__(self, name: str, launch: Launch, log: Path) -> None:
        """Start it, its output appended to `log`."""
        self.name = name
        self.log = log
        self._ready_fd, child_fd = os.pipe()
        environment = {**os.environ, **launch.environment, READY_FD_VARIABLE: str(child_fd)}
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                    [*_die_with_parent("TERM"), *launch.command],
                    env=environment,
                    cwd=launch.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(child_fd,),
                )
        except BaseException:
            os.close(self._ready_fd)
            raise
        finally:
            os.close(child_fd)
        self._announced = False

    @property
    def pid(self) -> int:
        """The leader's process id, which is its group's too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The leader's exit code, or None while it runs."""
        return self._process.poll()

    @property
    def announced(self) -> bool:
        """Whether the child has called `workers.readiness.announce_ready`."""
        if not self._announced and select.select([self._ready_fd], [], [], 0)[0]:
            self._announced = os.read(self._ready_fd, len(READY_LINE)) == READY_LINE
        return self._announced

    def wait_ready(self, is_ready: Callable[[], bool], timeout_s: float) -> None:
        """Return when `is_ready` says so.

        Raises:
            StartError: the child ended first, or the time ran out.
        """
        started_at = time.monotonic()
        while not is_ready():
            self.require_alive(time.monotonic() - started_at, timeout_s)
            time.sleep(_POLL_S)

    def require_alive(self, waited_s: float, timeout_s: float) -> None:
        """Check a child that is not ready after `waited_s`.

        Raises:
            StartError: it has ended, or has had its time.
        """
        if self.exit_code is not None:
            raise StartError(f"{self.name} ended with {self.exit_code}:\n{self.log_tail()}")
        if waited_s > timeout_s:
            raise StartError(f"{self.name} not ready in {timeout_s:g} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        """Return the end of what the child has written."""
        return self.log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the leader, if it still runs."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        self.signal(signal.SIGTERM)

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask it to end, insist after `grace_s`, and leave nothing of its group."""
        self.terminate()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._kill_group()
            self._process.wait()
            self.close()

    def close(self) -> None:
        """Let go of the readiness pipe."""
        if self._ready_fd >= 0:
            os.close(self._ready_fd)
            self._ready_fd = -1

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _die_with_parent(signal_name: str) -> tuple[str, ...]:
    """Return the prefix that ties a command's life to its parent's, where there is one."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    return (setpriv, "--pdeathsig", signal_name, "sh", "-c", _UNLESS_ORPHANED, str(os.getpid()))
