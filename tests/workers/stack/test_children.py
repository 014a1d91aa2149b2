import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from workers.stack.children import Child, Launch, StartError

REPOSITORY = Path(__file__).resolve().parents[3]
StartChild = Callable[[str], Child]


@pytest.fixture
def start_child(tmp_path: Path) -> Iterator[StartChild]:
    children: list[Child] = []

    def start(program: str) -> Child:
        launch = Launch((sys.executable, "-c", program), {"PYTHONPATH": str(REPOSITORY)})
        children.append(Child("child", launch, tmp_path / "child.log"))
        return children[-1]

    yield start
    for child in children:
        child.stop(grace_s=0.1)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 30 s"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


ANNOUNCE = "from workers.readiness import announce_ready; announce_ready(); announce_ready()\n"
SLEEP = "import time; time.sleep(60)\n"


def test_a_child_announces_that_it_is_ready(start_child: StartChild) -> None:
    child = start_child(ANNOUNCE + SLEEP)
    child.wait_ready(lambda: child.announced, 10)
    assert child.exit_code is None


def test_a_child_that_says_nothing_is_not_ready(start_child: StartChild) -> None:
    child = start_child(SLEEP)
    with pytest.raises(StartError, match=r"not ready in 0\.3 s"):
        child.wait_ready(lambda: child.announced, 0.3)


def test_a_child_that_ends_tells_its_last_words(start_child: StartChild) -> None:
    child = start_child("import sys; sys.exit('no such port')")
    with pytest.raises(StartError, match="ended with 1:\nno such port"):
        child.wait_ready(lambda: child.announced, 10)


def test_stop_takes_the_whole_group_even_when_it_will_not_go(start_child: StartChild) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    grandchild = "import subprocess; subprocess.Popen(['sleep', '60'])\n"
    child = start_child(stubborn + grandchild + ANNOUNCE + SLEEP)
    child.wait_ready(lambda: child.announced, 10)
    family = [child.pid, *(one.pid for one in psutil.Process(child.pid).children())]
    assert len(family) == 2
    child.stop(grace_s=0.2)
    assert child.exit_code == -signal.SIGKILL
    wait_until(lambda: not any(alive(pid) for pid in family))


@pytest.mark.parametrize("lived_s", [0, 0.1])
def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path, lived_s: float) -> None:
    parent_program = (
        "import os, time; from pathlib import Path\n"
        "from workers.stack.children import Child, Launch\n"
        f"child = Child('child', Launch(('sleep', '60')), Path({str(tmp_path / 'log')!r}))\n"
        f"print(child.pid, flush=True); time.sleep({lived_s}); os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(  # noqa: S603 - this interpreter, the program above
        [sys.executable, "-c", parent_program],
        cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert parent.returncode == -signal.SIGKILL
    child_pid = int(parent.stdout)
    wait_until(lambda: not alive(child_pid))
