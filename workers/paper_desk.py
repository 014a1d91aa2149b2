"""The paper desk: how a process starts sessions and forwards what their owners ask of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from adapters.mongo_paper import MongoPaper
from domain.errors import ErrorCode, Rejected, Retryable, key_mismatch
from domain.orders import Order
from domain.paper.recall import print_of
from domain.paper.state import Bracket, PaperTrade, SessionState, SessionStatus
from domain.paper.views import session_workflow_id
from domain.paper_messages import PaperOutcome, PaperRecord, PaperRun
from domain.timing import (
    ANSWER_PATIENCE_S,
    READ_YOUR_WRITES_S,
    START_TIMEOUT_S,
    WORKFLOW_TASK_TIMEOUT_S,
)
from workers.paper_calls import CROWDED_RETRY_S, PaperCalls, unreachable
from workers.paper_lines import SessionLines
from workers.paper_prices import PaperPrices
from workers.temporal import PAPER_QUEUE
from workflows.paper_session import SESSION_ID, PaperSession
from workflows.trade_execution import USER_ID

POLL_INTERVAL_S = 0.01
# More active sessions of one user are no strategies any more, but a loop that ran away.
MAX_ACTIVE_SESSIONS = 100


class PaperDesk:
    """Every answer of a session is its workflow's own; nothing about money is decided here."""

    def __init__(self, client: Client, store: MongoPaper, prices: PaperPrices) -> None:
        self._client = client
        self._calls = PaperCalls(client)
        self._store = store
        self._prices = prices
        self._lines = SessionLines()

    async def start(self, state: SessionState) -> tuple[SessionState, bool]:
        """Start a session; return it, and whether it was there before.

        Raises:
            Rejected: `IDEMPOTENCY_MISMATCH`, another session was asked for under its key;
                `RATE_LIMITED`, its owner has too many that are active.
            Retryable: Our own services are away.
        """
        active = await self._store.active(state.user_id, MAX_ACTIVE_SESSIONS)
        if len(active) >= MAX_ACTIVE_SESSIONS and state.session_id not in active:
            detail = f"{MAX_ACTIVE_SESSIONS} sessions are active: stop one first"
            raise Rejected(ErrorCode.RATE_LIMITED, detail, retry_after_s=CROWDED_RETRY_S)
        try:
            await self._client.start_workflow(
                PaperSession.run,
                PaperRun(state),
                id=session_workflow_id(state.session_id),
                task_queue=PAPER_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                task_timeout=timedelta(seconds=WORKFLOW_TASK_TIMEOUT_S),
                static_summary=f"paper {state.settings.quote_asset} {state.name}".rstrip(),
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(USER_ID, state.user_id),
                        SearchAttributePair(SESSION_ID, state.session_id),
                    ]
                ),
                rpc_timeout=timedelta(seconds=START_TIMEOUT_S),
            )
        except WorkflowAlreadyStartedError:
            return await self._started_before(state), True
        except RPCError as error:
            raise unreachable() from error
        # The session writes this itself, too; here, so that its owner finds it at once.
        await self._store.record(PaperRecord(revision=0, session=state))
        self._lines.remember(state)
        return state, False

    async def _started_before(self, state: SessionState) -> SessionState:
        """Return the session that was started under the same key with the same wishes."""
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                known = await self._store.session(state.session_id)
                while known is None:  # the first start is about to record it
                    await asyncio.sleep(POLL_INTERVAL_S)
                    known = await self._store.session(state.session_id)
        except TimeoutError as error:
            raise unreachable() from error
        # The owner's risk limits are of the first start: they are no part of the request.
        asked = replace(state.settings, limits=known.settings.limits)
        if (asked, state.name, state.forked_from) != (
            known.settings,
            known.name,
            known.forked_from,
        ):
            raise key_mismatch()
        return known

    async def session(self, user_id: str, session_id: str) -> SessionState:
        """Return what never changes of a session (its owner, its settings), and its rest as known.

        Raises:
            Rejected: `NOT_FOUND`, also for somebody else's.
            Retryable: The store could not be reached.
        """
        known = self._lines.session(session_id)
        if known is None:
            known = await self._store.session(session_id)
            if known is not None:
                self._lines.remember(known)
        if known is None or known.user_id != user_id:
            raise Rejected(ErrorCode.NOT_FOUND, "there is no such session")
        return known

    async def only_session(self, user_id: str) -> SessionState:
        """Return the one active session of a user.

        Raises:
            Rejected: `NOT_FOUND` without one, `SESSION_AMBIGUOUS` with several.
            Retryable: The store could not be reached.
        """
        found = await self._store.active(user_id, limit=2)
        if not found:
            raise Rejected(ErrorCode.NOT_FOUND, "there is no active session")
        if len(found) > 1:
            detail = "there are several active sessions: name one by session_id"
            raise Rejected(ErrorCode.SESSION_AMBIGUOUS, detail)
        return await self.session(user_id, found[0])

    async def execute(
        self, session: SessionState, order: Order, bracket: Bracket | None, *, is_new: bool
    ) -> PaperOutcome:
        """Execute an order once; a repeat gets the trade of the first.

        Args:
            session: From `session`.
            order: From `domain.paper.session.paper_order`.
            bracket: What protects the entry.
            is_new: Whether nobody can have used its key before.

        Raises:
            Rejected: `IDEMPOTENCY_MISMATCH`, `SESSION_CLOSED`, `INVALID_ORDER`,
                `FILTER_FAILURE`, `RATE_LIMITED`.
            Retryable: `QUOTE_STALE`, there is no live book; or our own services are away.
        """
        known = None if is_new else await self._recorded(order, bracket)
        if known is not None:
            return known
        async with self._lines.slot(session):
            placed = await self._place(session, order, bracket)
        if placed.trade is None and placed.denial is None:
            return replace(placed, trade=await self._trade(order.trade_id))
        return placed

    async def _place(
        self, session: SessionState, order: Order, bracket: Bracket | None
    ) -> PaperOutcome:
        """Send an order with the market of now; once more where that was too old on arrival."""
        for is_last in (False, True):
            asked = await self._prices.order(session, order, bracket)
            try:
                placed: PaperOutcome = await self._calls.update(
                    session.session_id, PaperSession.execute, asked
                )
            except Retryable as fault:
                if is_last or fault.code is not ErrorCode.QUOTE_STALE:
                    raise
            else:
                return placed
        raise AssertionError("the last attempt returns or raises")

    async def _recorded(self, order: Order, bracket: Bracket | None) -> PaperOutcome | None:
        """Return what the records say of a request that its session may have forgotten."""
        trade = await self._store.trade(order.trade_id)
        if trade is None:
            return None
        if print_of(trade.trade.order, trade.bracket) != print_of(order, bracket):
            raise key_mismatch()
        return PaperOutcome(order.trade_id, trade=trade, is_replay=True)

    async def _trade(self, trade_id: str) -> PaperTrade:
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                while True:
                    trade = await self._store.trade(trade_id)
                    if trade is not None:
                        return trade
                    await asyncio.sleep(POLL_INTERVAL_S)
        except TimeoutError as error:
            raise unreachable() from error

    async def cancel(self, session: SessionState, trade_id: str) -> PaperTrade:
        """Cancel an open order.

        Raises:
            Rejected: `NOT_FOUND`, `NOT_CANCELABLE`, `SESSION_CLOSED`, `RATE_LIMITED`.
            Retryable: Our own services are away.
        """
        try:
            async with self._lines.slot(session):
                trade: PaperTrade = await self._calls.update(
                    session.session_id, PaperSession.cancel, trade_id
                )
        except Rejected as refusal:
            if refusal.code is ErrorCode.NOT_CANCELABLE:
                await self.trade(session, trade_id)
            raise
        return trade

    async def trade(self, session: SessionState, trade_id: str) -> PaperTrade:
        """Return the record of a session's trade.

        Raises:
            Rejected: `NOT_FOUND`, also for another session's.
            Retryable: Our own services are away.
        """
        await self.recorded(session)
        found = await self._store.trade(trade_id)
        if found is None or found.session_id != session.session_id:
            raise Rejected(ErrorCode.NOT_FOUND, "the session has no such trade")
        return found

    async def stop(self, session: SessionState, reason: str) -> SessionState:
        """End a session.

        Raises:
            Rejected: `SESSION_CLOSED`, `RATE_LIMITED`.
            Retryable: Our own services are away.
        """
        async with self._lines.slot(session):
            ended: SessionState = await self._calls.update(
                session.session_id, PaperSession.stop, reason
            )
        return ended

    async def reset(self, session: SessionState) -> SessionState:
        """Start a session over.

        Raises:
            Rejected: `SESSION_CLOSED`, `RATE_LIMITED`.
            Retryable: Our own services are away.
        """
        async with self._lines.slot(session):
            fresh: SessionState = await self._calls.update(session.session_id, PaperSession.reset)
        return fresh

    async def portfolio(self, session: SessionState) -> SessionState:
        """Return a session as it stands: from its workflow, or as recorded once it has ended.

        Raises:
            Retryable: Our own services are away.
        """
        if session.status is not SessionStatus.STOPPED:
            try:
                return await self._calls.handle(session.session_id).query(
                    PaperSession.portfolio,
                    rpc_timeout=timedelta(seconds=READ_YOUR_WRITES_S),
                )
            except (RPCError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError):
                pass  # nobody can tell now: what was recorded last is
        stored = await self._store.session(session.session_id)
        return stored or session

    async def recorded(self, session: SessionState) -> None:
        """Wait a moment until the records show what was answered."""
        handle = self._calls.handle(session.session_id)
        try:
            async with asyncio.timeout(READ_YOUR_WRITES_S):
                while not await handle.query(PaperSession.is_recorded):  # noqa: ASYNC110 - asked
                    await asyncio.sleep(POLL_INTERVAL_S)
        except (TimeoutError, RPCError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError):
            return
