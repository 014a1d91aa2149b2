"""The analysis desk: how a process asks for an analysis and waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowFailureError
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError

from activities.failures import as_error, is_ours
from domain.analysis import Analysis, AnalysisRequest
from domain.analysis_stores import AiBudget
from domain.errors import BotCoreError, ErrorCode, Retryable
from domain.timing import ANALYSIS_PATIENCE_S, START_TIMEOUT_S, WORKFLOW_TASK_TIMEOUT_S
from workers.temporal import ANALYSIS_QUEUE
from workflows.ai_analysis import AIAnalysis
from workflows.trade_execution import SYMBOL, USER_ID


class AnalysisDesk:
    """Asks for analyses; whoever asks for the same at the same time shares one workflow."""

    def __init__(self, client: Client, budget: AiBudget) -> None:
        self._client = client
        self._budget = budget

    async def ask(self, request: AnalysisRequest, user_id: str) -> Analysis:
        """Return a new analysis, or the one that others are waiting for.

        Raises:
            Rejected: `RATE_LIMITED` where the user's budget is spent; `AI_UNAVAILABLE` where
                the model's replies broke a rule (`rule`), or the system's budget is spent;
                `INVALID_REQUEST` where the given candles are not of the live market.
            Retryable: `AI_UNAVAILABLE`; the model failed, or took too long. Or the market or
                our own services could not be reached.
        """
        await self._budget.require(user_id, datetime.now(UTC))
        try:
            async with asyncio.timeout(ANALYSIS_PATIENCE_S):
                return await self._outcome(request, user_id)
        except (TimeoutError, RPCTimeoutOrCancelledError) as error:
            # The workflow goes on, and the next asker finds its analysis.
            raise Retryable(ErrorCode.AI_UNAVAILABLE, "There was no analysis in time.") from error

    async def _outcome(self, request: AnalysisRequest, user_id: str) -> Analysis:
        try:
            handle = await self._client.start_workflow(
                AIAnalysis.run,
                request,
                id=request.workflow_id,
                task_queue=ANALYSIS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal="asked",
                start_signal_args=[user_id],
                task_timeout=timedelta(seconds=WORKFLOW_TASK_TIMEOUT_S),
                static_summary=f"{request.symbol} {request.timeframe}",
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(USER_ID, user_id),
                        SearchAttributePair(SYMBOL, request.symbol),
                    ]
                ),
                rpc_timeout=timedelta(seconds=START_TIMEOUT_S),
            )
            return await handle.result()
        except WorkflowFailureError as error:
            raise _told(error.cause) from error
        except RPCTimeoutOrCancelledError:
            raise
        except RPCError as error:
            raise Retryable(
                ErrorCode.SERVICE_UNAVAILABLE, "the workflow service cannot be reached"
            ) from error


def _told(cause: BaseException) -> BotCoreError:
    """Return why there is no analysis; a workflow that somebody ended has no reason of ours."""
    if is_ours(cause):
        return as_error(cause)
    return Retryable(ErrorCode.AI_UNAVAILABLE, "The analysis did not come to its end.")
