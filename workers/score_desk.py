"""The score desk: how what follows an analysis is begun."""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.analysis import Telling
from domain.analysis import Analysis
from domain.errors import ErrorCode, Retryable
from domain.timing import START_TIMEOUT_S
from workers.temporal import ANALYSIS_QUEUE
from workflows.analysis_score import AnalysisScore, scorable_at, scoring_id
from workflows.trade_execution import SYMBOL


class ScoreDesk:
    """Implements `activities.analysis.Scoring`.

    Where nothing is left to be told, the server holds the workflow back until there is
    something to score: until then it costs no worker anything.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def begin(self, analysis: Analysis, user_ids: list[str], left: list[Telling]) -> None:
        """Tell what is left to be told, then score; the same analysis again changes nothing.

        Raises:
            Retryable: Temporal could not be reached, or had begun without `left`.
        """
        scored_at = scorable_at(analysis)
        wait = max(scored_at - datetime.now(UTC), timedelta(0))
        try:
            await self._client.start_workflow(
                AnalysisScore.run,
                args=[analysis, user_ids, left],
                id=scoring_id(analysis.analysis_id),
                task_queue=ANALYSIS_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                start_delay=None if left else wait,
                static_summary=f"{analysis.opinion.signal} {analysis.symbol} {analysis.timeframe}",
                static_details=f"scores `{analysis.workflow_id}` at {scored_at:%Y-%m-%d %H:%M} UTC",
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(SYMBOL, analysis.symbol)]
                ),
                rpc_timeout=timedelta(seconds=START_TIMEOUT_S),
            )
        except WorkflowAlreadyStartedError as error:
            if left:
                raise _unreachable() from error
        except RPCError as error:
            raise _unreachable() from error


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "what follows the analysis could not begin")
