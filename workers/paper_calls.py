"""Calls to a session's workflow, made again where a run hands over or a worker has died."""

import asyncio
import uuid
from typing import Any

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.failures import as_error, is_ours
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable
from domain.paper.state import SessionState
from domain.paper.views import session_workflow_id
from domain.timing import ANSWER_PATIENCE_S
from workflows.paper_session import PaperSession

CROSSED_RETRY_S = 0.05
# What a caller is told to wait where a session, or its owner, has too much to do.
CROWDED_RETRY_S = 1


class PaperCalls:
    """How a process speaks to sessions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def handle(self, session_id: str) -> WorkflowHandle[PaperSession, SessionState]:
        """Return the handle of a session's workflow, whichever of its runs is the last."""
        return self._client.get_workflow_handle_for(
            PaperSession.run, session_workflow_id(session_id)
        )

    async def update(self, session_id: str, update: Any, *arguments: Any) -> Any:
        """Make an update and return its answer.

        Raises:
            Rejected: What the session refuses; `SESSION_CLOSED` where it has ended,
                `RATE_LIMITED` where Temporal takes no more at once.
            Retryable: There was no answer in time.
        """
        handle, update_id = self.handle(session_id), str(uuid.uuid4())
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                while True:
                    try:
                        return await handle.execute_update(
                            update, args=list(arguments), id=update_id
                        )
                    except WorkflowUpdateFailedError as error:
                        if is_ours(error.cause):
                            raise as_error(error.cause) from error
                    except RPCError as error:
                        fault = _fault(error)
                        if fault is not None:
                            raise fault from error
                    await asyncio.sleep(CROSSED_RETRY_S)
        except (TimeoutError, RPCTimeoutOrCancelledError) as error:
            raise unreachable() from error


def _fault(error: RPCError) -> BotCoreError | None:
    """Return what a failed call means for the caller; None where it is to be made again."""
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return Rejected(ErrorCode.SESSION_CLOSED, "the session has ended")
        case RPCStatusCode.RESOURCE_EXHAUSTED:
            return crowded()
        case RPCStatusCode.FAILED_PRECONDITION | RPCStatusCode.UNAVAILABLE | RPCStatusCode.ABORTED:
            return None
        case _:
            return unreachable()


def crowded() -> Rejected:
    """Return the refusal of one request too many."""
    detail = "too many requests wait for this session"
    return Rejected(ErrorCode.RATE_LIMITED, detail, retry_after_s=CROWDED_RETRY_S)


def unreachable() -> Retryable:
    """Return what a caller is told while Temporal is away."""
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "the workflow service cannot be reached")
