"""The processes as they are started: ready when they say so, gone with 0 when asked."""

import asyncio
import sys
from pathlib import Path

import pytest

from workers.stack.children import Child, Launch
from workers.stack.ports import free_port


@pytest.fixture
def environment(
    mongodb_url: str, redis_url: str, rabbitmq_url: str, exchange_url: str
) -> dict[str, str]:
    return {
        "BOTCORE_JWT_SECRET": "a secret of the tests, long enough",
        "BOTCORE_CREDENTIALS_KEY": "unused",
        "BOTCORE_MONGODB_URL": mongodb_url,
        "BOTCORE_REDIS_URL": redis_url,
        "BOTCORE_RABBITMQ_URL": rabbitmq_url,
        "BOTCORE_EXCHANGE_URL": exchange_url,
        "BOTCORE_GATEWAY_PORT": str(free_port()),
    }


@pytest.mark.parametrize("module", ["gateway", "streaming", "logging_consumer"])
async def test_a_process_announces_itself_and_ends_cleanly(
    module: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    command = (sys.executable, "-m", f"workers.{module}")
    child = Child(module, Launch(command, environment), tmp_path / "log")
    try:
        await asyncio.to_thread(child.wait_ready, lambda: child.announced, 60)
    finally:
        await asyncio.to_thread(child.stop)
    assert child.exit_code == 0, child.log_tail()
