"""Ports of the loopback interface: which are free, and who holds one that is not."""

import random
import socket
from dataclasses import dataclass

import psutil

LOOPBACK = "127.0.0.1"
# Below the kernel's ephemeral range, so that an outgoing connection cannot take a port
# between the moment it was found free and the moment its server binds it.
_FREE_RANGE = (18_000, 32_000)
# What this process has been given: a system names all of its ports before any is bound.
_given: set[int] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that listens on a port; `pid` is None when it may not be seen."""

    pid: int | None
    command: str

    def __str__(self) -> str:
        """Return it as a message names it."""
        return self.command if self.pid is None else f"pid {self.pid} ({self.command})"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier run in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port that nothing listens on, and that was not returned before.

    Raises:
        RuntimeError: none of many candidates was free.
    """
    rng = random.SystemRandom()
    for _ in range(200):
        port = rng.randrange(*_FREE_RANGE)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    first, last = _FREE_RANGE
    raise RuntimeError(f"no free port between {first} and {last}")


def answers(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Return whether something accepts connections at the address."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False


def holder_of(port: int) -> Holder:
    """Return who listens on `port`."""
    for connection in psutil.net_connections("tcp"):
        if connection.status != psutil.CONN_LISTEN:
            continue
        if not connection.laddr or connection.laddr.port != port:
            continue
        if connection.pid is None:
            break
        try:
            words = psutil.Process(connection.pid).cmdline()
        except psutil.Error:
            return Holder(connection.pid, "command not visible")
        return Holder(connection.pid, " ".join(words)[:80] or "kernel")
    return Holder(None, "a process of another user")
