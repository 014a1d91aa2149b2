"""The trade desk: how a process starts a trade, waits for its outcome, and cancels it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.failures import as_error, is_ours
from activities.placement import OrderPlacement
from domain.errors import (
    Ambiguous,
    BotCoreError,
    ErrorCode,
    Rejected,
    Retryable,
    key_mismatch,
)
from domain.order_status import OrderStatus
from domain.orders import Order, workflow_id
from domain.placement import Placement
from domain.timing import ANSWER_PATIENCE_S, START_TIMEOUT_S, WORKFLOW_TASK_TIMEOUT_S
from domain.trade_view import trade_of_view
from domain.trades import Trade
from domain.trading_ports import TradeStore
from workers.temporal import TRADING_QUEUE
from workflows.trade_execution import SIDE, SYMBOL, USER_ID, TradeExecution

# A signal that comes while a workflow completes makes Temporal run its last task again; an
# update that waited for that task is refused, and has to be asked again.
MAX_CROSSED = 20
CROSSED_RETRY_S = 0.05

_FINGERPRINT = "fingerprint"
_UNREACHABLE = "the workflow service cannot be reached"

starts = Counter(
    "botcore_trade_starts",
    "Trade workflows started, by whether the first task came back with the start.",
    ["eager"],
)


class NotStarted(Retryable):
    """The workflow's start was not confirmed; the order has not left."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a caller is told: the placement, None where it is not known in time."""

    placement: Placement | None
    is_replay: bool = False


class TradeDesk:
    """Starts trades and finds their outcomes.

    The workflow's start and the first attempt's reservation run side by side in this
    process, and the order leaves once both are stored.
    """

    def __init__(self, client: Client, placement: OrderPlacement, trades: TradeStore) -> None:
        self._client = client
        self._placement = placement
        self._trades = trades
        # First attempts under way here, which a repeat of the request joins.
        self._begun: dict[str, tuple[str, asyncio.Task[Placement]]] = {}

    async def execute(self, order: Order) -> Outcome:
        """Execute an order once; a repeat gets the outcome of the first.

        Raises:
            Rejected: `IDEMPOTENCY_MISMATCH` where the key was used for another order.
            BotCoreError: The attempts failed; nothing of the order is left at the venue.
        """
        begun = self._under_way(order)
        is_replay = begun is not None
        if begun is None:
            begun = self._begin(order)
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                return Outcome(await self._first_outcome(order, begun), is_replay)
        except TimeoutError:
            return Outcome(None, is_replay)
        except WorkflowAlreadyStartedError:
            return await self._replay(order)

    def _begin(self, order: Order) -> asyncio.Task[Placement]:
        begun = self._placement.begin(order, self._start(order))
        self._begun[order.trade_id] = order.fingerprint, begun
        begun.add_done_callback(lambda _: self._begun.pop(order.trade_id, None))
        return begun

    def _under_way(self, order: Order) -> asyncio.Task[Placement] | None:
        """Return the first attempt of the same order in this process.

        Two of them would reserve and withdraw in each other's way, which costs both seconds.

        Raises:
            Rejected: `IDEMPOTENCY_MISMATCH`; another order is under way under this key.
        """
        fingerprint, begun = self._begun.get(order.trade_id, (order.fingerprint, None))
        if fingerprint != order.fingerprint:
            raise key_mismatch()
        return begun

    async def cancel(self, trade_id: str) -> Trade:
        """Cancel an order; return the trade once the cancellation is recorded.

        Raises:
            Rejected: `NOT_CANCELABLE`.
            Retryable: The venue or our own services could not be reached.
        """
        handle = self._handle(trade_id)
        for crossed in range(MAX_CROSSED):
            try:
                return await handle.execute_update(TradeExecution.cancel)
            except WorkflowUpdateFailedError as error:
                raise as_error(error.cause) from error
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND and crossed:
                    return await self._canceled(handle)
                if error.status is RPCStatusCode.NOT_FOUND:
                    raise Rejected(ErrorCode.NOT_CANCELABLE, "the order is not open") from error
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise _unreachable() from error
            await asyncio.sleep(CROSSED_RETRY_S)
        raise _unreachable()

    async def _canceled(self, handle: WorkflowHandle[TradeExecution, Placement]) -> Trade:
        """Return the trade of a workflow that ended while a signal crossed its cancel."""
        trade = (await self._result(handle)).trade
        if trade is None or trade.status is not OrderStatus.CANCELED:
            raise Rejected(ErrorCode.NOT_CANCELABLE, "the order is not open any more")
        return trade

    async def is_running(self, trade_id: str) -> bool:
        """Tell whether a workflow is at work on the trade.

        Raises:
            Retryable: Temporal could not be reached.
        """
        try:
            description = await self._handle(trade_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise _unreachable() from error
        return description.status is WorkflowExecutionStatus.RUNNING

    async def adopt(self, trade: Trade) -> bool:
        """Start a workflow that goes on from this state; False where there is one already.

        One that failed or was terminated does not count.

        Raises:
            Retryable: Temporal could not be reached.
        """
        try:
            await self._start(trade.order, trade, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY)
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _first_outcome(self, order: Order, begun: asyncio.Task[Placement]) -> Placement:
        try:
            return await asyncio.shield(begun)
        except NotStarted:
            raise
        except (Retryable, Ambiguous):
            # The workflow was started and goes on.
            return await self._workflow_outcome(order.trade_id)

    async def _replay(self, order: Order) -> Outcome:
        view = await self._trades.trade(order.trade_id)
        known = view[_FINGERPRINT] if view else await self._started_fingerprint(order.trade_id)
        if known != order.fingerprint:
            raise key_mismatch()
        if view is not None:
            return Outcome(Placement(trade=trade_of_view(order, view)), is_replay=True)
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                placement = await self._workflow_outcome(order.trade_id)
        except TimeoutError:
            return Outcome(None, is_replay=True)
        return Outcome(placement, is_replay=True)

    async def _started_fingerprint(self, trade_id: str) -> object:
        try:
            description = await self._handle(trade_id).describe()
            return await description.memo_value(_FINGERPRINT)
        except RPCError as error:
            raise _unreachable() from error

    async def _workflow_outcome(self, trade_id: str) -> Placement:
        """Wait for the placement through the workflow, whichever process runs it."""
        handle = self._handle(trade_id)
        try:
            return await handle.execute_update(TradeExecution.outcome)
        except WorkflowUpdateFailedError as error:
            if is_ours(error.cause):
                raise as_error(error.cause) from error
            # The workflow ended while the update was on its way.
        except RPCError as error:
            if error.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
                raise _unreachable() from error
        except RPCTimeoutOrCancelledError as error:
            # How the SDK tells that our own patience has ended.
            raise TimeoutError from error
        return await self._result(handle)

    @staticmethod
    async def _result(handle: WorkflowHandle[TradeExecution, Placement]) -> Placement:
        """Return the result of a workflow that has ended already."""
        try:
            return await handle.result()
        except WorkflowFailureError as error:
            raise as_error(error.cause) from error
        except RPCError as error:
            raise _unreachable() from error

    async def _start(
        self,
        order: Order,
        resumed: Trade | None = None,
        reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.REJECT_DUPLICATE,
    ) -> bool:
        """Start the workflow; tell whether its first task came back with the start."""
        intent = order.intent
        try:
            handle = await self._client.start_workflow(
                TradeExecution.run,
                args=[order, resumed],
                id=order.workflow_id,
                task_queue=TRADING_QUEUE,
                id_reuse_policy=reuse,
                task_timeout=timedelta(seconds=WORKFLOW_TASK_TIMEOUT_S),
                request_eager_start=True,
                memo={_FINGERPRINT: order.fingerprint},
                static_summary=f"{intent.side} {intent.symbol} {intent.type}",
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(USER_ID, order.user_id),
                        SearchAttributePair(SYMBOL, intent.symbol),
                        SearchAttributePair(SIDE, intent.side),
                    ]
                ),
                rpc_timeout=timedelta(seconds=START_TIMEOUT_S),
            )
        except RPCError as error:
            raise NotStarted(ErrorCode.SERVICE_UNAVAILABLE, _UNREACHABLE) from error
        # Eager start falls back silently; the SDK tells only through this attribute.
        is_eager = bool(getattr(handle, "__temporal_eagerly_started", False))
        starts.labels(eager=str(is_eager).lower()).inc()
        return is_eager

    def _handle(self, trade_id: str) -> WorkflowHandle[TradeExecution, Placement]:
        return self._client.get_workflow_handle_for(TradeExecution.run, workflow_id(trade_id))


def _unreachable() -> BotCoreError:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, _UNREACHABLE)
