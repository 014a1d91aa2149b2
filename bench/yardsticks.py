"""What a trade is compared with: a bare workflow, and the usual shape of five activities."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "bench-yardsticks"
_TIMEOUT = timedelta(seconds=10)


@activity.defn
async def empty_step(name: str) -> str:
    """Do nothing."""
    return name


@workflow.defn
class BareWorkflow:
    """One step."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Make it."""
        return await workflow.execute_activity(empty_step, name, start_to_close_timeout=_TIMEOUT)


@workflow.defn
class FiveActivities:
    """The usual shape of a trade: check, send, record, publish, push, one after the other."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Make the five steps."""
        for _ in range(5):
            name = await workflow.execute_activity(
                empty_step, name, start_to_close_timeout=_TIMEOUT
            )
        return name


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Runs one of them and waits for its result."""

    client: Client
    shape: type[BareWorkflow] | type[FiveActivities]

    async def once(self) -> float:
        """Return the milliseconds of one run."""
        began = perf_counter()
        await self.client.execute_workflow(
            self.shape.run, "x", id=f"bench-{uuid.uuid4()}", task_queue=QUEUE
        )
        return (perf_counter() - began) * 1000

    async def start(self) -> float:
        """Return the milliseconds of an eager start, and wait for the run's end."""
        began = perf_counter()
        handle = await self.client.start_workflow(
            self.shape.run,
            "x",
            id=f"bench-{uuid.uuid4()}",
            task_queue=QUEUE,
            request_eager_start=True,
        )
        started = perf_counter()
        await handle.result()
        return (started - began) * 1000


@asynccontextmanager
async def yardstick_worker(client: Client) -> AsyncIterator[None]:
    """Run the worker of the yardsticks."""
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareWorkflow, FiveActivities],
        activities=[empty_step],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await asyncio.sleep(0)
        yield
