"""What a trade's workflow is told from outside."""

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import ErrorCode, Retryable
from domain.orders import workflow_id
from domain.placement import Placement
from domain.trades import ExecutionReport
from workflows.trade_execution import TradeExecution


class TradeSignals:
    """Signals to `trade-<id>`; one that has ended, or was never ours, needs none."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def report(self, trade_id: str, user_id: str, report: ExecutionReport) -> None:
        """Hand over a message of this user's stream.

        Raises:
            Retryable: Temporal could not be reached; signalling again is harmless.
        """
        try:
            await self._handle(trade_id).signal(
                TradeExecution.execution_report, args=[report, user_id]
            )
        except RPCError as error:
            _raise_unless_ended(error)

    async def check(self, trade_id: str) -> None:
        """Make the workflow ask the venue.

        Raises:
            Retryable: Temporal could not be reached; signalling again is harmless.
        """
        try:
            await self._handle(trade_id).signal(TradeExecution.check_venue)
        except RPCError as error:
            _raise_unless_ended(error)

    def _handle(self, trade_id: str) -> WorkflowHandle[TradeExecution, Placement]:
        return self._client.get_workflow_handle_for(TradeExecution.run, workflow_id(trade_id))


def _raise_unless_ended(error: RPCError) -> None:
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise Retryable(
            ErrorCode.SERVICE_UNAVAILABLE, "The workflow service cannot be reached."
        ) from error
