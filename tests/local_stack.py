"""`make run` in a directory and on ports of its own, for tests that want the whole system."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from workers.stack.ports import LOOPBACK, free_port

REPOSITORY = Path(__file__).resolve().parents[1]
READY_LINE = "make tour, in another terminal"
# A cold start with coverage on a busy machine; a warm one takes about ten seconds.
START_TIMEOUT_S = 100.0


class LocalStack:
    """`python -m workers.stack` in a directory and on ports of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.api_port = free_port()
        self.environment = {
            "BOTCORE_API_PORT": str(self.api_port),
            "BOTCORE_GATEWAY_PORT": str(free_port()),
            "BOTCORE_MONGODB_URL": f"mongodb://{LOOPBACK}:{free_port()}/?replicaSet=rs0",
            "BOTCORE_REDIS_URL": f"redis://{LOOPBACK}:{free_port()}/0",
            "BOTCORE_RABBITMQ_URL": f"amqp://guest:guest@{LOOPBACK}:{free_port()}/",
            "BOTCORE_TEMPORAL_ADDRESS": f"{LOOPBACK}:{free_port()}",
            "BOTCORE_TEMPORAL_UI_URL": f"http://{LOOPBACK}:{free_port()}",
            "BOTCORE_EXCHANGE_URL": f"http://{LOOPBACK}:{free_port()}",
            "BOTCORE_S3_ENDPOINT_URL": f"http://{LOOPBACK}:{free_port()}",
            "BOTCORE_MODEL_URL": f"http://{LOOPBACK}:{free_port()}",
            # Each that is followed is history to fetch; what a page asks for is, too.
            "BOTCORE_TIMEFRAMES": '["1m"]',
        }
        self.log = directory.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> str:
        return self.log.read_text()

    def start(self) -> None:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                self._command(), env=os.environ | self.environment, cwd=REPOSITORY, stdout=output
            )
        self.wait_for(READY_LINE)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while text not in self.output:
            assert self.process is not None
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            assert time.monotonic() < deadline, f"no {text!r}:\n{self.output}"
            time.sleep(0.1)

    def call(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own module
            self._command(*arguments),
            env=os.environ | self.environment | changed,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return (
            *(sys.executable, "-m", "workers.stack", *arguments),
            *("--directory", str(self.directory)),
        )


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Return the one that all tests of the whole system use, dear as it is; it runs."""
    stack = LocalStack(tmp_path_factory.mktemp("stack") / "run")
    try:
        stack.start()
        yield stack
    finally:
        stack.end()
