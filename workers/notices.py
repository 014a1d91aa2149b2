"""The notice worker: the queue `notices`, served by every trading worker process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.notices import NoticeActivities
from adapters.mongo_notices import MongoNotices
from workers.clock import utc_now
from workers.connections import Connections
from workers.notice_desk import NoticeDesk
from workers.temporal import NOTICES_QUEUE
from workflows.account_notice import AccountNotice
from workflows.notice_sweep import NoticeSweep

# Notices are rare and small: two cores have better things to do.
MAX_CONCURRENT_STEPS = 20
MAX_CACHED_WORKFLOWS = 50
POLLERS = 2


@asynccontextmanager
async def run_notice_worker(connections: Connections, client: Client) -> AsyncIterator[None]:
    """Serve the queue `notices` while this is open."""
    activities = NoticeActivities(
        bus=connections.events,
        records=MongoNotices(connections.database),
        notices=NoticeDesk(client),
        clock=utc_now,
    )
    worker = Worker(
        client,
        task_queue=NOTICES_QUEUE,
        workflows=[AccountNotice, NoticeSweep],
        activities=activities.all,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=MAX_CACHED_WORKFLOWS,
        max_concurrent_activities=MAX_CONCURRENT_STEPS,
        max_concurrent_local_activities=MAX_CONCURRENT_STEPS,
        max_concurrent_workflow_task_polls=POLLERS,
        max_concurrent_activity_task_polls=POLLERS,
    )
    async with worker:
        yield
