"""The paper worker: the queue `paper`, served by every trading worker process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.paper import PaperActivities
from adapters.mongo_paper import MongoPaper
from adapters.redis_feed import RedisUserFeed
from adapters.redis_resting import RedisRestingOrders
from workers.connections import Connections, Need
from workers.temporal import PAPER_QUEUE
from workflows.paper_session import PaperSession

PAPER_NEEDS = frozenset({Need.MONGODB, Need.REDIS, Need.EVENTS})

# Sessions that stay in memory; others are replayed from their history when they are asked.
MAX_CACHED_WORKFLOWS = 500
MAX_CONCURRENT_STEPS = 100


@asynccontextmanager
async def run_paper_worker(connections: Connections, client: Client) -> AsyncIterator[None]:
    """Serve the queue `paper` while this is open."""
    activities = PaperActivities(
        store=MongoPaper(connections.database),
        resting=RedisRestingOrders(connections.redis),
        bus=connections.events,
        feed=RedisUserFeed(connections.redis),
    )
    worker = Worker(
        client,
        task_queue=PAPER_QUEUE,
        workflows=[PaperSession],
        activities=activities.all,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=MAX_CACHED_WORKFLOWS,
        max_concurrent_activities=MAX_CONCURRENT_STEPS,
        max_concurrent_local_activities=MAX_CONCURRENT_STEPS,
    )
    async with worker:
        yield
