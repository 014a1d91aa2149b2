"""The archive desk: how a process starts archival and restores, and follows them."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.archival.messages import (
    ARCHIVAL_QUEUE,
    ARCHIVAL_WORKFLOW,
    PROGRESS_QUERY,
    RESTORE_WORKFLOW,
    ArchivalReport,
    ArchivalRequest,
    Progress,
    RestoreReport,
    RestoreRequest,
)
from domain.errors import ErrorCode, Rejected, Retryable

# An operator waits for an answer; nobody waits for longer than this.
RPC_TIMEOUT = timedelta(seconds=10)
# A query needs a worker that answers; without one, what it would say is not known.
QUERY_TIMEOUT = timedelta(seconds=5)

Asked = ArchivalRequest | RestoreRequest
Report = ArchivalReport | RestoreReport


@dataclass(frozen=True, slots=True)
class Started:
    """The workflow that does what was asked, and whether it was at work already."""

    workflow_id: str
    already_running: bool


@dataclass(frozen=True, slots=True)
class Run:
    """How a run stands.

    Attributes:
        status: Temporal's, such as RUNNING.
        progress: Where it is; None where no worker has answered, or it has ended.
        report: What it did; None until it has ended well.
        failure: Why it ended otherwise.
    """

    status: WorkflowExecutionStatus
    progress: Progress | None = None
    report: Report | None = None
    failure: str = ""


class ArchiveDesk:
    """Starts workflows of the queue `archival`; asking again joins what is under way."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def archive(self, request: ArchivalRequest) -> Started:
        """Start a run of one kind of records.

        Raises:
            Retryable: Temporal could not be reached.
        """
        what = "dry run" if request.dry_run else "archive"
        return await self._start(ARCHIVAL_WORKFLOW, request, f"{what}: {request.data_type}")

    async def restore(self, request: RestoreRequest) -> Started:
        """Start to bring records back from cold storage.

        Raises:
            Retryable: Temporal could not be reached.
        """
        span = f"{request.since:%Y-%m-%d} to {request.until:%Y-%m-%d}"
        return await self._start(RESTORE_WORKFLOW, request, f"restore: {request.data_type}, {span}")

    async def _start(self, workflow: str, request: Asked, summary: str) -> Started:
        try:
            await self._client.start_workflow(
                workflow,
                request,
                id=request.workflow_id,
                task_queue=ARCHIVAL_QUEUE,
                static_summary=summary,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return Started(request.workflow_id, already_running=True)
        except RPCError as error:
            raise _unreachable() from error
        return Started(request.workflow_id, already_running=False)

    async def run(self, workflow_id: str, result: type[Report] = ArchivalReport) -> Run:
        """Tell how a run stands.

        Args:
            workflow_id: As it was answered.
            result: What the run reports.

        Raises:
            Rejected: `NOT_FOUND`; there is no such run, or Temporal has forgotten it.
            Retryable: Temporal could not be reached.
        """
        handle = self._client.get_workflow_handle(workflow_id, result_type=result)
        try:
            description = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            status = description.status or WorkflowExecutionStatus.RUNNING
            if status is WorkflowExecutionStatus.RUNNING:
                return Run(status, progress=await self._progress(workflow_id))
            return Run(status, report=await handle.result())
        except WorkflowFailureError as error:
            return Run(description.status or status, failure=_root(error))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise Rejected(ErrorCode.NOT_FOUND, "there is no such run") from error
            raise _unreachable() from error

    async def at_work(self) -> list[tuple[str, Progress | None]]:
        """Return the runs that are at work, whoever started them, and where they are.

        Raises:
            Retryable: Temporal could not be reached.
        """
        condition = f'TaskQueue = "{ARCHIVAL_QUEUE}" and ExecutionStatus = "Running"'
        try:
            found = [each.id async for each in self._client.list_workflows(condition)]
        except RPCError as error:
            raise _unreachable() from error
        return [(workflow_id, await self._progress(workflow_id)) for workflow_id in sorted(found)]

    async def _progress(self, workflow_id: str) -> Progress | None:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            progress: Progress = await handle.query(
                PROGRESS_QUERY, result_type=Progress, rpc_timeout=QUERY_TIMEOUT
            )
        except TemporalError:
            return None
        return progress


def _root(error: BaseException) -> str:
    """Return what the innermost cause says: the outer ones only name the workflow."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "the workflow service cannot be reached")
