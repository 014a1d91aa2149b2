"""The local stack in one go: start everything, take the tour, end with its verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workers.stack.ports import LOOPBACK, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
# What a person waits at most, cold start and tour together.
TOUR_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0

pytestmark = pytest.mark.timeout(150)


def test_the_stack_reaches_the_end_of_its_tour(tmp_path: Path) -> None:
    ports = iter([free_port() for _ in range(9)])
    environment = {
        "BOTCORE_API_PORT": str(next(ports)),
        "BOTCORE_GATEWAY_PORT": str(next(ports)),
        "BOTCORE_MONGODB_URL": f"mongodb://{LOOPBACK}:{next(ports)}/?replicaSet=rs0",
        "BOTCORE_REDIS_URL": f"redis://{LOOPBACK}:{next(ports)}/0",
        "BOTCORE_RABBITMQ_URL": f"amqp://guest:guest@{LOOPBACK}:{next(ports)}/",
        "BOTCORE_TEMPORAL_ADDRESS": f"{LOOPBACK}:{next(ports)}",
        "BOTCORE_TEMPORAL_UI_URL": f"http://{LOOPBACK}:{next(ports)}",
        "BOTCORE_EXCHANGE_URL": f"http://{LOOPBACK}:{next(ports)}",
        "BOTCORE_S3_ENDPOINT_URL": f"http://{LOOPBACK}:{next(ports)}",
    }
    output = tmp_path / "output"
    with output.open("wb") as log:
        stack = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                *(sys.executable, "-m", "workers.stack", "--exit-after-tour"),
                *("--directory", str(tmp_path / "run")),
            ],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        assert stack.wait(TOUR_TIMEOUT_S) == 0, output.read_text()
    finally:
        stack.terminate()
        stack.wait(STOP_TIMEOUT_S)
    text = output.read_text()
    assert "its workflow" in text
    assert "✗" not in text
