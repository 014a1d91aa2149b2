"""A worker that dies after the model has answered: nobody pays for the answer again."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.people import Edge
from tests.api.routes.ai.analysing import Desk
from tests.chaos.links import Link, having
from tests.chaos.system import Program
from workers.settings import Settings
from workers.stack.children import Launch
from workers.stack.ports import free_port

pytestmark = pytest.mark.timeout(180)

NewWorker = Callable[[str], Program]


@pytest.fixture
async def mongodb(mongodb_url: str) -> AsyncIterator[Link]:
    """Return the workers' way to MongoDB."""
    port = urlsplit(mongodb_url).port
    assert port is not None
    link = Link(port)
    await link.open()
    yield link
    await link.cut()


@pytest.fixture
def metrics_port() -> int:
    return free_port()


@pytest.fixture
async def new_worker(
    ai_edge: Edge, mongodb: Link, metrics_port: int, tmp_path: Path
) -> AsyncIterator[NewWorker]:
    environment = environment_of(ai_edge.services.settings) | {
        "BOTCORE_TRADING_METRICS_PORT": str(metrics_port),
        "BOTCORE_MONGODB_URL": f"mongodb://127.0.0.1:{mongodb.port}/?directConnection=true",
    }
    launch = Launch((sys.executable, "-m", "workers.trading"), environment)
    made: list[Program] = []

    def make(name: str) -> Program:
        log = tmp_path / f"{name}.log"
        made.append(Program(name, lambda: launch, lambda child: child.announced, log))
        return made[-1]

    yield make
    for worker in made:
        await worker.stop()


def environment_of(settings: Settings) -> dict[str, str]:
    return {
        "BOTCORE_JWT_SECRET": settings.jwt_secret.get_secret_value(),
        "BOTCORE_CREDENTIALS_KEY": settings.credentials_key.get_secret_value(),
        "BOTCORE_MONGODB_DATABASE": settings.mongodb_database,
        "BOTCORE_REDIS_URL": settings.redis_url,
        "BOTCORE_RABBITMQ_URL": settings.rabbitmq_url,
        "BOTCORE_TEMPORAL_ADDRESS": settings.temporal_address,
        "BOTCORE_EXCHANGE_URL": settings.exchange_url,
        "BOTCORE_MODEL_URL": settings.model_url,
    }


async def test_the_reply_outlives_its_worker(
    lone_desk: Desk, mongodb: Link, new_worker: NewWorker, metrics_port: int
) -> None:
    desk = lone_desk
    asker = await desk.asker()
    first, second = new_worker("first"), new_worker("second")
    await first.start()
    keeping = mongodb.hold(having("ai_analysis", "$setOnInsert", desk.subject.symbol))
    asking = asyncio.create_task(asker.post())
    async with asyncio.timeout(20):
        await keeping.reached.wait()
    assert await desk.calls() == 1
    async with httpx.AsyncClient() as http:
        shown = (await http.get(f"http://127.0.0.1:{metrics_port}/metrics")).text
    answered = (
        'botcore_ai_model_calls_total{call="first",model="sandbox-rule-1",outcome="answered"}'
    )
    assert f"{answered} 1.0" in shown
    first.kill()
    keeping.lose()
    await second.start()
    # On a choked machine the second worker comes too late for the asker, not for the analysis.
    assert (await asking).status_code in {200, 503}
    (workflow_id,) = await desk.runs()
    analysis = await desk.workflow(workflow_id).result()
    again = await asker.analyze()
    assert again["analysis_id"] == analysis["analysis_id"]
    assert again["cached"] is True
    assert await desk.calls() == 1
