"""Steps that are made until they are done: try, 1 s, try, 2 s, try, as the history tells."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.failures import as_failures
from domain.errors import ErrorCode, Retryable
from workers.temporal import DATA_CONVERTER
from workflows.steps import persistently

QUEUE = "test-steps"
# How much later than the policy says an attempt may begin on a busy machine.
LATE_S = 1.4

Handle: TypeAlias = WorkflowHandle["Persistent", int]


class Flaky:
    """A step that fails so many times before it works."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.tried: list[datetime] = []

    @activity.defn(name="flaky")
    async def step(self, wanted: int) -> int:
        self.tried.append(datetime.now(UTC))
        with as_failures():
            if len(self.tried) <= self.failures:
                raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "not yet")
            return wanted


@workflow.defn
class Persistent:
    """Makes the step."""

    @workflow.run
    async def run(self, wanted: int) -> int:
        made: int = await persistently(Flaky.step, wanted, summary="the flaky step")
        return made


@pytest.fixture
async def client(temporal_address: str) -> AsyncIterator[Client]:
    yield await Client.connect(temporal_address, data_converter=DATA_CONVERTER)
    await asyncio.sleep(0)


async def _made(client: Client, flaky: Flaky) -> Handle:
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Persistent],
        activities=[flaky.step],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            Persistent.run, 7, id=f"steps-{uuid.uuid4()}", task_queue=QUEUE
        )
        assert await handle.result() == 7
    return handle


async def _scheduled(handle: Handle) -> int:
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    return kinds.count(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)


async def test_later_attempts_come_after_1_and_2_seconds(client: Client) -> None:
    flaky = Flaky(failures=2)
    handle = await _made(client, flaky)
    first, second, third = flaky.tried
    assert 1.0 <= (second - first) / timedelta(seconds=1) < 1.0 + LATE_S
    assert 2.0 <= (third - second) / timedelta(seconds=1) < 2.0 + LATE_S
    # In view of the operators, from the second attempt on.
    assert await _scheduled(handle) == 1


async def test_what_works_at_once_is_not_scheduled(client: Client) -> None:
    flaky = Flaky(failures=0)
    handle = await _made(client, flaky)
    assert len(flaky.tried) == 1
    assert await _scheduled(handle) == 0
