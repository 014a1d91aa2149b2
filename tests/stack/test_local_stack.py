"""`make run` from the first line to the last: the whole system, in processes of its own."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from api.dashboard import DIST
from tests.local_stack import READY_LINE, REPOSITORY, LocalStack
from workers.stack.parts import PARTS
from workers.stack.ports import LOOPBACK, free_port
from workers.tour.steps import EMAIL, PASSWORD

STEPS = (
    "signed in",
    "price",
    "WebSocket",
    "market order",
    "trade record",
    "RabbitMQ event",
    "WebSocket push",
    "limit order",
    "cancel",
    "its workflow",
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def stack(local_stack: LocalStack) -> LocalStack:
    return local_stack


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def trades(stack: LocalStack) -> list[str]:
    with httpx.Client(base_url=f"http://{LOOPBACK}:{stack.api_port}", trust_env=False) as http:
        signed_in = http.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
        token = signed_in.raise_for_status().json()["token"]
        answer = http.get("/api/trades", headers={"Authorization": f"Bearer {token}"})
        return [trade["trade_id"] for trade in answer.raise_for_status().json()["items"]]


def test_every_part_comes_up_and_the_tour_reaches_its_end(stack: LocalStack) -> None:
    # Other tests may have killed parts since.
    start = stack.output.partition(READY_LINE)[0]
    assert "✗" not in start
    for title in [part.title for part in PARTS]:
        assert re.search(rf"✓ {title} .* s\n", start), title
    for step in STEPS:
        assert re.search(rf"✓ {step} ", start), step


def test_the_dashboard_is_told_first_and_last(stack: LocalStack) -> None:
    address = f"http://{LOOPBACK}:{stack.api_port}"
    first, _, rest = stack.output.partition("ready in ")[2].partition("\n\n")[2].partition("\n")
    assert first.split() == ["Dashboard", address]
    assert f"\nthe dashboard is at {address}\nCtrl-C ends it" in rest


@pytest.mark.skipif(not DIST.exists(), reason="make setup builds the dashboard")
def test_the_dashboard_is_there_and_may_speak_to_this_stacks_gateway(stack: LocalStack) -> None:
    address = f"http://{LOOPBACK}:{stack.api_port}"
    with httpx.Client(base_url=address, trust_env=False) as http:
        page = http.get("/")
        assert page.status_code == 200
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(loaded) >= 3
        assert {http.get(path).status_code for path in loaded} == {200}
        gateway = http.get("/api/config").json()["ws_url"].removesuffix("/ws")
    assert f"connect-src 'self' {gateway};" in page.headers["content-security-policy"]


def test_a_new_user_sees_their_trade_arrive_at_a_webhook(stack: LocalStack, tmp_path: Path) -> None:
    """What the README tells them to do, line by line, at this stack's address."""
    readme = (REPOSITORY / "README.md").read_text()
    (lines,) = re.findall(r"<!-- readme:webhook -->\n```sh\n(.*?)```", readme, flags=re.DOTALL)
    script = lines.replace(":8000", f":{stack.api_port}").replace("9900", str(free_port()))
    output = tmp_path / "out"
    with output.open("wb") as out:
        shell = subprocess.Popen(  # noqa: S603 - the README's own lines
            ["/bin/sh", "-euc", f"{script}\nwait"],
            cwd=REPOSITORY,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        eventually(
            lambda: "✓ trade.executed: Bought" in output.read_text() or shell.poll() is not None,
            "no trade arrived",
        )
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.wait(10)
    assert "✓ trade.executed: Bought" in output.read_text(), output.read_text()


def test_every_socket_listens_on_loopback_only(stack: LocalStack) -> None:
    listening = {
        (process.name(), connection.laddr.ip)
        for process in stack.family()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }
    assert {"mongod", "redis-server", "temporal", "epmd"} <= {name for name, _ in listening}
    assert {address for _, address in listening} <= {LOOPBACK, "::1"}


def test_a_second_run_in_the_same_directory_says_so_in_a_line(stack: LocalStack) -> None:
    second = stack.call()
    assert second.returncode == 1
    assert second.stdout.count("\n") == 1
    assert second.stdout.startswith("already running here (pid ")


def test_a_taken_port_ends_a_run_with_one_line(stack: LocalStack, tmp_path: Path) -> None:
    other = LocalStack(tmp_path / "run")
    refused = other.call("run", BOTCORE_API_PORT=str(stack.api_port))
    assert refused.returncode == 1
    [line] = [line for line in refused.stdout.splitlines() if line]
    assert f"port {stack.api_port} (API) is held by pid " in line
    assert "BOTCORE_API_PORT moves it" in line


def test_a_killed_part_is_told_and_comes_back(stack: LocalStack) -> None:
    [redis] = [process for process in stack.family() if process.name() == "redis-server"]
    redis.kill()
    stack.wait_for("✗ Redis ended with -9; starting it again in 1 s")
    stack.wait_for("✓ Redis is back")


def test_ctrl_c_ends_every_child_and_the_next_run_finds_its_trades(stack: LocalStack) -> None:
    before = trades(stack)
    assert before
    family = stack.family()
    assert stack.interrupt() == 0
    eventually(lambda: not any(one.is_running() for one in family), f"left over: {family}")
    stack.start()
    assert "✗" not in stack.output
    after = trades(stack)
    assert set(before) < set(after)


def test_stop_ends_the_run(stack: LocalStack) -> None:
    family = stack.family()
    stopped = stack.call("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
    assert stack.process is not None
    assert stack.process.wait(10) == 0
    eventually(lambda: not any(one.is_running() for one in family), f"left over: {family}")
    assert stack.call("stop").stdout == "nothing was running\n"
