"""The life of one paper session: an entity that executes orders, hears the market, and records.

What a session needs of the outside comes with its updates and signals, so that its history
holds every input: it replays to the last digit.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from activities.failures import as_failures
from activities.paper import PaperActivities
from domain import timing
from domain.errors import ErrorCode, Rejected, Retryable
from domain.paper.details import details
from domain.paper.hearing import hear
from domain.paper.observations import Observation
from domain.paper.session import cancel, place, reset, stop
from domain.paper.state import Changes, PaperTrade, SessionState, SessionStatus
from domain.paper_messages import (
    DeniedOrder,
    PaperOrder,
    PaperOutcome,
    PaperRecord,
    PaperRun,
    PaperStep,
    Unrecorded,
    outcome_of,
)
from domain.risk import LimitType
from workflows.steps import STEP_FAILURES, go_on, once

SESSION_ID = SearchAttributeKey.for_keyword("SessionId")
SYMBOLS = SearchAttributeKey.for_keyword_list("Symbols")

# Temporal ends a run's updates at 2,000 and warns at its history's 4 MiB; what is under way
# when a run hands over has to fit, too.
UPDATES_A_RUN = 1_800
HISTORY_BYTES_A_RUN = 3 * 2**20
# So many trades one record may take: a step's input must stay well below 2 MiB.
TRADES_A_RECORD = 100
# Only what is stored in the history may be recorded: the next task begins when this one is.
NEXT_TASK = timedelta(milliseconds=1)
TENDING_INTERVAL = timedelta(seconds=timing.PAPER_TENDING_INTERVAL_S)
ORDER_AGE_LIMIT = timedelta(seconds=timing.PAPER_ORDER_AGE_LIMIT_S)

_LEFT_OVER = {
    PaperStep.RECORD: PaperActivities.record,
    PaperStep.WATCH: PaperActivities.watch,
    PaperStep.PUBLISH: PaperActivities.publish,
    PaperStep.PUSH: PaperActivities.push,
}


@workflow.defn(name="PaperSession")
class PaperSession:
    """One session. Its id is `paper-` and the session's id."""

    @workflow.init
    def __init__(self, run: PaperRun) -> None:
        """Go on from where the run before stood."""
        self._state = run.state
        self._revision = run.revision
        self._unrecorded = run.unrecorded
        self._updates = 0
        self._is_recording = False
        self._is_over = False

    @workflow.run
    async def run(self, run: PaperRun) -> SessionState:  # noqa: ARG002 - taken by __init__ already
        """Live until the session is stopped; the result is its last state."""
        self._describe()
        tending = asyncio.create_task(self._tend())
        try:
            await self._live()
        finally:
            tending.cancel()
        return self._state

    async def _live(self) -> None:
        while True:
            await workflow.wait_condition(self._has_work)
            if self._unrecorded:
                await self._record()
            elif workflow.all_handlers_finished():
                if self._is_over:
                    return
                workflow.continue_as_new(PaperRun(self._state, self._revision, Unrecorded()))
            else:
                await workflow.wait_condition(
                    lambda: bool(self._unrecorded) or workflow.all_handlers_finished()
                )

    async def _tend(self) -> None:
        """Show the open orders again from time to time: what watches them may have lost them."""
        while True:
            await workflow.wait_condition(lambda: bool(self._state.resting))
            await workflow.sleep(TENDING_INTERVAL, summary="until the open orders are shown again")
            if self._state.resting:
                self._unrecorded = self._unrecorded.after(Changes())

    def _has_work(self) -> bool:
        return bool(self._unrecorded) or self._is_over or self._is_long()

    def _is_long(self) -> bool:
        info = workflow.info()
        return (
            self._updates >= UPDATES_A_RUN
            or info.get_current_history_size() >= HISTORY_BYTES_A_RUN
            or info.is_continue_as_new_suggested()
        )

    @workflow.update
    async def execute(self, order: PaperOrder) -> PaperOutcome:
        """Place an order; the answer is what became of it at once."""
        self._updates += 1
        with as_failures():
            state, placed = place(self._state, order.order, order.market, order.bracket)
        if placed.denial is not None and not placed.is_replay:
            denied = DeniedOrder(order.order, placed.denial, order.arrived_at)
            self._unrecorded = self._unrecorded.denied(denied)
        self._change(state, placed.changes)
        return outcome_of(placed)

    @execute.validator
    def _check_order(self, order: PaperOrder) -> None:
        """Refuse what must not enter the history: it asks for nothing, or may be asked again."""
        with as_failures():
            self._require_open()
            _, placed = place(self._state, order.order, order.market, order.bracket)
            denial = placed.denial
            if denial is not None and denial.code is ErrorCode.QUOTE_STALE:
                raise Retryable(denial.code, denial.detail, limit_type=str(denial.limit_type))
            if not placed.is_replay:
                self._require_young(order)

    @workflow.update
    async def cancel(self, trade_id: str) -> PaperTrade:
        """Cancel an open order; return it as it ended."""
        self._updates += 1
        with as_failures():
            state, changes = cancel(self._state, trade_id, self._now())
        self._change(state, changes)
        return next(paper for paper in changes.trades if paper.trade_id == trade_id)

    @cancel.validator
    def _check_cancel(self, trade_id: str) -> None:
        with as_failures():
            self._require_open()
            cancel(self._state, trade_id, self._now())

    @workflow.update
    async def stop(self, reason: str) -> SessionState:
        """End the session; its open orders are canceled."""
        self._updates += 1
        self._change(*stop(self._state, self._now(), reason))
        self._is_over = True
        return _told(self._state)

    @stop.validator
    def _check_stop(self, reason: str) -> None:  # noqa: ARG002 - as the update's
        with as_failures():
            self._require_open()

    @workflow.update
    async def reset(self) -> SessionState:
        """Start over with the initial balance."""
        self._updates += 1
        self._change(*reset(self._state, self._now()))
        return _told(self._state)

    @reset.validator
    def _check_reset(self) -> None:
        with as_failures():
            self._require_open()

    @workflow.signal
    def observe(self, observations: list[Observation]) -> None:
        """Hear what the market did that matters to an open order."""
        for observation in observations:
            self._change(*hear(self._state, observation))

    @workflow.query
    def portfolio(self) -> SessionState:
        """Return the session as it stands, without the requests that it knows."""
        return _told(self._state)

    @workflow.query
    def is_recorded(self) -> bool:
        """Whether the records show all that has happened."""
        return not self._unrecorded and not self._is_recording

    def _require_young(self, order: PaperOrder) -> None:
        """Refuse an order whose book was current when it left, but is not any more."""
        if workflow.now() - order.arrived_at > ORDER_AGE_LIMIT:
            detail = "the order has waited for its session until its book was old"
            raise Retryable(ErrorCode.QUOTE_STALE, detail, limit_type=str(LimitType.QUOTE))

    def _require_open(self) -> None:
        if self._is_over:
            raise Rejected(ErrorCode.SESSION_CLOSED, f"the session is {self._state.status}")

    def _change(self, state: SessionState, changes: Changes) -> None:
        before, self._state = self._state, state
        is_other = (state.status, state.generation) != (before.status, before.generation)
        if changes or is_other or state.resting != before.resting:
            self._unrecorded = self._unrecorded.after(changes)
            self._describe()
        if state.status is SessionStatus.BROKEN and before.status is not SessionStatus.BROKEN:
            workflow.logger.error("%s: %s", state.session_id, state.status_reason)
        if state.markets.keys() != before.markets.keys():
            workflow.upsert_search_attributes([SYMBOLS.value_set(sorted(state.markets))])

    def _now(self) -> datetime:
        now = workflow.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _describe(self) -> None:
        workflow.set_current_details(details(self._state))

    async def _record(self) -> None:
        """Record, watch, publish and push what has changed; each is retried on its own."""
        self._is_recording = True
        await workflow.sleep(NEXT_TASK)
        # By the clock, so that it rises even where an operator has reset the workflow to an
        # earlier point: the records would refuse what counts from there again.
        now_ms = int(workflow.now().timestamp() * 1000)
        self._revision = max(self._revision + 1, now_ms)
        batch, self._unrecorded = _first(self._unrecorded)
        record = PaperRecord(
            revision=self._revision,
            session=_told(self._state),
            trades=tuple(batch.trades.values()),
            positions=tuple(batch.positions.values()),
            denials=batch.denials,
        )
        try:
            left: list[PaperStep] = await once(
                PaperActivities.settle, record, summary="record, watch, publish, push"
            )
        except STEP_FAILURES:
            left = list(PaperStep)
        await asyncio.gather(
            *(go_on(_LEFT_OVER[PaperStep(step)], record, summary=str(step)) for step in left)
        )
        self._is_recording = False


def _told(state: SessionState) -> SessionState:
    """Return the session without the requests that it knows: only itself needs them."""
    return replace(state, recent={})


def _first(unrecorded: Unrecorded) -> tuple[Unrecorded, Unrecorded]:
    """Split off as much as one record takes."""
    if len(unrecorded.trades) <= TRADES_A_RECORD and len(unrecorded.denials) <= TRADES_A_RECORD:
        return unrecorded, Unrecorded()
    trades = list(unrecorded.trades.items())
    first = Unrecorded(
        dict(trades[:TRADES_A_RECORD]), unrecorded.positions, unrecorded.denials[:TRADES_A_RECORD]
    )
    rest = Unrecorded(dict(trades[TRADES_A_RECORD:]), {}, unrecorded.denials[TRADES_A_RECORD:])
    return first, rest
