"""The paper desk: how a process starts sessions and forwards what their owners ask of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
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
from domain.errors import ErrorCode, Rejected, key_mismatch
from domain.orders import Order
from domain.paper.recall import print_of
from domain.paper.state import Bracket, PaperTrade, SessionState, SessionStatus
from domain.paper.views import session_workflow_id
from domain.paper_messages import PaperOutcome, PaperRecord, PaperRun
from domain.timing import ANSWER_PATIENCE_S, START_TIMEOUT_S, WORKFLOW_TASK_TIMEOUT_S
from workers.paper_calls import PaperCalls, crowded, unreachable
from workers.paper_prices import PaperPrices
from workers.temporal import PAPER_QUEUE
from workflows.paper_session import SESSION_ID, PaperSession
from workflows.trade_execution import USER_ID

# Temporal takes 10 updates of a workflow at once; two processes may have desks in front of it.
UPDATES_IN_FLIGHT = 4
# So many callers may wait for one session in one process; others are told to come later.
MAX_WAITING = 64
# How long a reader waits for the record of what was answered a moment ago.
READ_YOUR_WRITES_S = 2.0
POLL_INTERVAL_S = 0.01
MAX_KNOWN_SESSIONS = 10_000


@dataclass(slots=True)
class _Line:
    """Who waits for one session, and what of it never changes."""

    session: SessionState
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPDATES_IN_FLIGHT))
    waiting: int = 0


class PaperDesk:
    """Every answer of a session is its workflow's own; nothing about money is decided here."""

    def __init__(self, client: Client, store: MongoPaper, prices: PaperPrices) -> None:
        self._client = client
        self._calls = PaperCalls(client)
        self._store = store
        self._prices = prices
        self._lines: dict[str, _Line] = {}

    async def start(self, state: SessionState) -> tuple[SessionState, bool]:
        """Start a session; return it, and whether it was there before.

        Raises:
            Retryable: Temporal could not be reached.
        """
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
            return await self.session(state.user_id, state.session_id), True
        except RPCError as error:
            raise unreachable() from error
        # The session writes this itself, too; here, so that its owner finds it at once.
        await self._store.record(PaperRecord(revision=0, session=state))
        self._remember(state)
        return state, False

    async def session(self, user_id: str, session_id: str) -> SessionState:
        """Return what never changes of a session (its owner, its settings), and its rest as known.

        Raises:
            Rejected: `NOT_FOUND`, also for somebody else's.
            Retryable: The store could not be reached.
        """
        line = self._lines.get(session_id)
        if line is None:
            stored = await self._store.session(session_id)
            if stored is not None:
                line = self._remember(stored)
        if line is None or line.session.user_id != user_id:
            raise Rejected(ErrorCode.NOT_FOUND, "there is no such session")
        return line.session

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
        async with self._slot(session):
            placed: PaperOutcome = await self._calls.update(
                session.session_id,
                PaperSession.execute,
                await self._prices.order(session, order, bracket),
            )
        if placed.trade is None and placed.denial is None:
            return replace(placed, trade=await self._trade(order.trade_id))
        return placed

    async def _recorded(self, order: Order, bracket: Bracket | None) -> PaperOutcome | None:
        """Return what the records say of a request that its session may have forgotten."""
        trade = await self._store.trade(order.trade_id)
        if trade is None:
            return None
        if print_of(trade.trade.order, trade.bracket) != print_of(order, bracket):
            raise key_mismatch()
        return PaperOutcome(order.trade_id, trade=trade, is_replay=True)

    async def _trade(self, trade_id: str) -> PaperTrade:
        async with asyncio.timeout(ANSWER_PATIENCE_S):
            while True:
                trade = await self._store.trade(trade_id)
                if trade is not None:
                    return trade
                await asyncio.sleep(POLL_INTERVAL_S)

    async def cancel(self, session: SessionState, trade_id: str) -> PaperTrade:
        """Cancel an open order.

        Raises:
            Rejected: `NOT_CANCELABLE`, `SESSION_CLOSED`, `RATE_LIMITED`.
            Retryable: Our own services are away.
        """
        async with self._slot(session):
            trade: PaperTrade = await self._calls.update(
                session.session_id, PaperSession.cancel, trade_id
            )
        return trade

    async def stop(self, session: SessionState, reason: str) -> SessionState:
        """End a session.

        Raises:
            Rejected: `SESSION_CLOSED`, `RATE_LIMITED`.
            Retryable: Our own services are away.
        """
        async with self._slot(session):
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
        async with self._slot(session):
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

    @asynccontextmanager
    async def _slot(self, session: SessionState) -> AsyncIterator[None]:
        line = self._lines.get(session.session_id) or self._remember(session)
        if line.waiting >= MAX_WAITING:
            raise crowded()
        line.waiting += 1
        try:
            async with line.slots:
                yield
        finally:
            line.waiting -= 1

    def _remember(self, session: SessionState) -> _Line:
        while len(self._lines) >= MAX_KNOWN_SESSIONS:
            self._lines.pop(next(iter(self._lines)))
        return self._lines.setdefault(session.session_id, _Line(session))
