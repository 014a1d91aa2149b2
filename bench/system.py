"""A private copy of the whole local stack, on free ports, for one bench."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from workers.settings import Settings

START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0
# An idle stack uses a tenth of a core.
QUIET_CORES = 0.2
QUIET_WINDOW_S = 2.0
QUIET_WITHIN_S = 90.0

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class System:
    """Where the private stack answers, and its process."""

    environment: dict[str, str]
    process: psutil.Process

    @property
    def api_url(self) -> str:
        """The address of the API."""
        return f"http://{_LOOPBACK}:{self.environment['BOTCORE_API_PORT']}"

    @property
    def temporal_address(self) -> str:
        """The address of Temporal."""
        return self.environment["BOTCORE_TEMPORAL_ADDRESS"]

    def settings(self) -> Settings:
        """Return the settings of the stack's processes."""
        return settings_of(self.environment)

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds that each part has used so far, by the name of its program."""
        used: dict[str, float] = {}
        for process in self.process.children(recursive=True):
            try:
                name = _part_name(process.cmdline())
                times = process.cpu_times()
            except psutil.Error:
                continue
            used[name] = used.get(name, 0.0) + times.user + times.system
        return used


def _part_name(command: list[str]) -> str:
    if "-m" in command:
        return command[command.index("-m") + 1]
    return Path(command[0]).name if command else "?"


@contextmanager
def private_system() -> Iterator[System]:
    """Start the stack in a temporary directory, and end it.

    Raises:
        RuntimeError: It did not come up in time.
    """
    with tempfile.TemporaryDirectory(prefix="botcore-bench-") as directory:
        environment = _environment()
        log_path = Path(directory) / "stack.log"
        with log_path.open("wb") as log:
            stack = subprocess.Popen(  # noqa: S603 - our own program, our own arguments
                [sys.executable, "-m", "workers.stack", "--directory", f"{directory}/run"],
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_ready(stack, log_path)
            made = (Path(directory) / "run" / "secrets.env").read_text().splitlines()
            secrets = dict(line.split("=", 1) for line in made if "=" in line)
            system = System({**environment, **secrets}, psutil.Process(stack.pid))
            wait_quiet(system)
            yield system
        finally:
            stack.send_signal(signal.SIGTERM)
            stack.wait(STOP_TIMEOUT_S)


def _wait_ready(stack: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while "Ctrl-C ends it" not in log_path.read_text():
        if stack.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the stack did not come up:\n{log_path.read_text()}")
        time.sleep(0.1)


def wait_quiet(system: System) -> None:
    """Wait for the end of what goes on in the background, such as the candles of the past."""
    deadline = time.monotonic() + QUIET_WITHIN_S
    cores = QUIET_CORES
    while cores >= QUIET_CORES and time.monotonic() < deadline:
        before = sum(system.cpu_s().values())
        time.sleep(QUIET_WINDOW_S)
        cores = (sum(system.cpu_s().values()) - before) / QUIET_WINDOW_S


def _environment() -> dict[str, str]:
    free = iter(_free_ports(12))
    mongodb, redis, rabbitmq = next(free), next(free), next(free)
    return {
        "BOTCORE_API_PORT": str(next(free)),
        "BOTCORE_GATEWAY_PORT": str(next(free)),
        "BOTCORE_EXCHANGE_URL": f"http://{_LOOPBACK}:{next(free)}",
        "BOTCORE_MODEL_URL": f"http://{_LOOPBACK}:{next(free)}",
        "BOTCORE_S3_ENDPOINT_URL": f"http://{_LOOPBACK}:{next(free)}",
        "BOTCORE_MONGODB_URL": f"mongodb://{_LOOPBACK}:{mongodb}/?replicaSet=rs0",
        "BOTCORE_REDIS_URL": f"redis://{_LOOPBACK}:{redis}/0",
        "BOTCORE_RABBITMQ_URL": f"amqp://guest:guest@{_LOOPBACK}:{rabbitmq}/",
        "BOTCORE_TEMPORAL_ADDRESS": f"{_LOOPBACK}:{next(free)}",
        "BOTCORE_TEMPORAL_UI_URL": f"http://{_LOOPBACK}:{next(free)}",
    }


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((_LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Return the settings that a process with this environment has."""
    given = {name.removeprefix("BOTCORE_").lower(): v for name, v in environment.items()}
    return Settings.model_validate(given)
