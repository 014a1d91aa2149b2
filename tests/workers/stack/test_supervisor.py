import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workers.stack.addresses import Placed
from workers.stack.children import Child, Launch, StartError
from workers.stack.parts import Part
from workers.stack.run_directory import RunDirectory
from workers.stack.servers import Place
from workers.stack.supervisor import Reports, Supervisor

WORKER = (
    "from workers.readiness import announce_ready; announce_ready()\nimport time; time.sleep(60)"
)
REPOSITORY = Path(__file__).resolve().parents[3]


class Stack:
    """A supervisor with tiny parts, and everything that it reported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.heard: list[tuple[str, str]] = []
        self.supervisor: Supervisor

    def of(self, *parts: Part, external: tuple[str, ...] = ()) -> Supervisor:
        directory = RunDirectory(self.root)
        directory.claim()
        placed = [
            Placed(part, Place(0, directory.data / part.name), "", part.name in external)
            for part in parts
        ]
        self.supervisor = Supervisor(placed, directory, self._reports())
        directory.release()
        return self.supervisor

    def step_until(self, step: Callable[[], None], condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            step()
            assert time.monotonic() < deadline, f"it did not happen in 20 s: {self.heard}"
            time.sleep(0.02)

    def _reports(self) -> Reports:
        def note(what: str) -> Callable[..., None]:
            return lambda placed, *_: self.heard.append((what, placed.part.name))

        return Reports(note("ready"), note("ended"), note("back"), note("stopped"))


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path)
    yield stack
    stack.supervisor.stop()


def announced(_place: Place, child: Child) -> bool:
    return child.announced


def part(name: str, after: tuple[str, ...] = (), program: str = WORKER) -> Part:
    launch = Launch((sys.executable, "-c", program), {"PYTHONPATH": str(REPOSITORY)})
    return Part(name, name, "", lambda _place: launch, announced, after)


def test_parts_start_after_what_they_need_and_end_before_it(stack: Stack) -> None:
    supervisor = stack.of(part("api", ("store",)), part("store"))
    stack.step_until(supervisor.start_step, lambda: supervisor.all_ready)
    supervisor.stop()
    assert stack.heard == [
        ("ready", "store"),
        ("ready", "api"),
        ("stopped", "api"),
        ("stopped", "store"),
    ]


def test_a_part_that_ends_before_it_is_ready_fails_the_start(stack: Stack) -> None:
    supervisor = stack.of(part("api", program="raise SystemExit('port is taken')"))
    with pytest.raises(StartError, match="port is taken"):
        stack.step_until(supervisor.start_step, lambda: supervisor.all_ready)


def test_a_killed_part_is_told_and_comes_back(stack: Stack) -> None:
    supervisor = stack.of(part("store"), part("api", ("store",)))
    stack.step_until(supervisor.start_step, lambda: supervisor.all_ready)
    first = supervisor.pid_of("store")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    stack.step_until(supervisor.watch_step, lambda: ("back", "store") in stack.heard)
    assert stack.heard[2:] == [("ended", "store"), ("back", "store")]
    assert supervisor.pid_of("store") not in (None, first)


def test_a_part_that_crashes_again_waits_longer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.stack.supervisor.LONGEST_BACKOFF_S", 2.0)
    marker = stack.root / "once"
    program = (
        f"import pathlib, sys; marker = pathlib.Path({str(marker)!r})\n"
        "if marker.exists(): sys.exit(3)\n"
        f"marker.touch()\n{WORKER}"
    )
    supervisor = stack.of(part("api", program=program))
    stack.step_until(supervisor.start_step, lambda: supervisor.all_ready)
    began = time.monotonic()
    pid = supervisor.pid_of("api")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    stack.step_until(supervisor.watch_step, lambda: stack.heard.count(("ended", "api")) == 3)
    # 1 s before the second start, 2 s before the third.
    assert time.monotonic() - began >= 3.0
    assert supervisor.pid_of("api") is None


def test_a_part_that_runs_elsewhere_is_neither_started_nor_ended(stack: Stack) -> None:
    supervisor = stack.of(part("store"), external=("store",))
    stack.step_until(supervisor.start_step, lambda: supervisor.all_ready)
    supervisor.watch_step()
    assert supervisor.pid_of("store") is None
    supervisor.stop()
    assert stack.heard == [("ready", "store")]
