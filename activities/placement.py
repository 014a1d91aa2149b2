"""Placing an order: once, whatever dies in the middle.

The order's request is signed with a time that is on the account before it is sent. Binance
refuses a request that is older than its receive window. So whoever finds the record knows
when no copy of the request can be accepted any more, and only then does a look-up that finds
nothing prove that nothing is there.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeAlias

from activities.laps import Laps
from activities.pricing import pricing_of
from domain.account import Account, OpenOrder, TradingState
from domain.errors import (
    Ambiguous,
    BotCoreError,
    ErrorCode,
    Rejected,
    Retryable,
    key_mismatch,
)
from domain.market import Pricing
from domain.orders import Order
from domain.placement import LeftToWorkflow, Placement, is_premature, the_same
from domain.ports import QuoteBoard
from domain.reservation import NOT_UNDER_WAY, Reserved, release, reserve, restamp
from domain.risk import Denial
from domain.timing import (
    ABSENCE_MARGIN_MS,
    FIRST_ATTEMPT_LIMIT_S,
    READ_YOUR_WRITES_S,
    RECEIVE_WINDOW_MS,
    SETTLED_ELSEWHERE_POLL_S,
)
from domain.trade_view import trade_of_view
from domain.trades import Failure, Trade, advance, fail, submitting
from domain.trading_ports import AccountStore, Clock, TradeStore, Venue

# Placements that a request began and whose workflow has not asked for them yet.
MAX_BEGUN = 1_000
# What the account says to an order: held now, held already, or denied.
_Decision: TypeAlias = Reserved | OpenOrder | Denial


@dataclass(frozen=True, slots=True)
class TradingPorts:
    """What the trading activities need."""

    accounts: AccountStore
    trades: TradeStore
    venue: Venue
    quotes: QuoteBoard
    clock: Clock


class OrderPlacement:
    """Places orders; the request that asks and the workflow that owns share one attempt."""

    def __init__(self, ports: TradingPorts) -> None:
        self._ports = ports
        self._begun: OrderedDict[str, asyncio.Task[Placement]] = OrderedDict()

    def begin(self, order: Order, started: Awaitable[bool]) -> asyncio.Task[Placement]:
        """Begin the first attempt beside the start of the workflow that owns it.

        The order leaves only once `started` tells that the workflow is stored and that its
        first task came to this process: its first attempt will join this one. Where the task
        went elsewhere, the attempt ends with `LeftToWorkflow`.
        """
        task = asyncio.create_task(self._first(order, started))
        earlier = self._begun.get(order.trade_id)
        if earlier is None or (earlier.done() and earlier.exception() is not None):
            # A repeat must not take the place of the attempt that the workflow will join.
            self._begun[order.trade_id] = task
        if len(self._begun) > MAX_BEGUN:
            self._begun.popitem(last=False)
        return task

    async def place(self, order: Order) -> Placement:
        """Make one attempt for the workflow: join the begun one, or find out and go on.

        Raises:
            Ambiguous: The venue may have the order.
            Retryable: The venue does not have it; the reservation stays for the next attempt.
        """
        begun = self._begun.pop(order.trade_id, None)
        if begun is not None:
            with contextlib.suppress(LeftToWorkflow):
                return await asyncio.shield(begun)
        known = await self._known(order)
        if isinstance(known, OpenOrder):
            return await self._again(known)
        return known or await self._first(order, None)

    async def conclude(self, order: Order, failure: Failure) -> Placement:
        """Find out what became of an order that all attempts left behind; send nothing.

        Raises:
            Ambiguous: It cannot be found out yet.
            Retryable: The same, for our own store.
        """
        known = await self._known(order)
        if isinstance(known, OpenOrder):
            found = await self._ask(known)
            trade = found or fail(_trade(known), failure, self._ports.clock())
            return Placement(trade=trade)
        return known or Placement(
            trade=fail(submitting(order, self._ports.clock()), failure, self._ports.clock())
        )

    async def _known(self, order: Order) -> OpenOrder | Placement | None:
        account = await self._ports.accounts.load(order.user_id)
        recorded = await self._recorded(order)
        if (open_order := account.orders.get(order.trade_id)) is None:
            return recorded
        if recorded is not None and recorded.is_final:
            # A repeat reserved what was at its end, and died before it took that back.
            await self._release(open_order)
            return recorded
        return the_same(open_order, order)

    async def _recorded(self, order: Order) -> Placement | None:
        view = await self._ports.trades.trade(order.trade_id)
        if view is None:
            return None
        if view["fingerprint"] != order.fingerprint:
            raise key_mismatch()  # the first order's workflow is older than Temporal's memory
        return Placement(trade=trade_of_view(order, view))

    async def _first(self, order: Order, started: Awaitable[bool] | None) -> Placement:
        laps = Laps()
        if started is None:
            decision, recorded = await self._alone(order)
        else:
            decision, recorded = await self._beside(order, started, laps)
        if recorded is not None:
            await self._undo(decision)
            return recorded
        if isinstance(decision, Denial):
            return Placement(denial=decision)
        if isinstance(decision, OpenOrder):
            return await self._again(the_same(decision, order))
        return await self._send(decision.open_order, laps)

    async def _beside(
        self, order: Order, started: Awaitable[bool], laps: Laps
    ) -> tuple[_Decision, Placement | None]:
        """Reserve, and look for an old record, while the workflow is being started.

        Nobody else can settle this trade in the meantime: the workflow is new, and its first
        task is here until it times out.
        """
        began = perf_counter()
        # The first two begin by waiting; meanwhile the start, which takes longest, is sent.
        decision, recorded, is_here = await asyncio.gather(
            laps.of("reserve", self._reserve(order)),
            laps.of("recall", self._recorded(order)),
            laps.of("start", started),
            return_exceptions=True,
        )
        is_late = perf_counter() - began > FIRST_ATTEMPT_LIMIT_S
        outcomes = (is_here, decision, recorded)
        error = next((outcome for outcome in outcomes if isinstance(outcome, BaseException)), None)
        if isinstance(is_here, BaseException):
            self._unbegin(order)
        if isinstance(decision, BaseException):
            raise error or decision
        if error or isinstance(recorded, BaseException) or is_late or not is_here:
            await self._undo(decision)
            raise error or LeftToWorkflow(ErrorCode.SERVICE_UNAVAILABLE, "left to the workflow")
        return decision, recorded

    def _unbegin(self, order: Order) -> None:
        """Take back the running attempt: no workflow of its making will come and join it."""
        if self._begun.get(order.trade_id) is asyncio.current_task():
            del self._begun[order.trade_id]

    async def _alone(self, order: Order) -> tuple[_Decision, Placement | None]:
        """Reserve, and then look for a record.

        Never the other way round: another process may settle the trade in between, the
        account no longer has the order then, and what tells of it is the record alone.
        """
        decision = await self._reserve(order)
        try:
            return decision, await self._recorded(order)
        except BotCoreError:
            await self._undo(decision)
            raise

    async def _reserve(self, order: Order) -> _Decision:
        pricing = await pricing_of(self._ports.quotes, order)
        deadline = perf_counter() + READ_YOUR_WRITES_S
        while True:
            decision, account = await self._decide(order, pricing)
            is_late = perf_counter() > deadline
            if is_late or not is_premature(decision, account, self._ports.clock()):
                return decision
            # The caller may know a fill from our own answer that is not on the account yet.
            await self._ports.accounts.written(order.user_id, SETTLED_ELSEWHERE_POLL_S)

    async def _decide(self, order: Order, pricing: Pricing) -> tuple[_Decision, Account]:
        decision: _Decision | None = None

        def decide(account: Account) -> Account | None:
            nonlocal decision
            # Stamped here, after the wait for the account: the receive window is running.
            decision = account.orders.get(order.trade_id) or reserve(
                account, order, pricing, self._ports.clock(), self._ports.venue.now_ms()
            )
            return decision.account if isinstance(decision, Reserved) else None

        account = await self._ports.accounts.change(order.user_id, decide)
        assert decision is not None  # noqa: S101 - change() has called decide()
        return decision, account

    async def _undo(self, decision: _Decision) -> None:
        if isinstance(decision, Reserved):
            await self._release(decision.open_order)

    async def _release(self, open_order: OpenOrder) -> None:
        order, stamp = open_order.order, open_order.requested_at_ms
        await self._ports.accounts.change(
            order.user_id, lambda account: release(account, order.trade_id, stamp)
        )

    async def _again(self, open_order: OpenOrder) -> Placement:
        """Go on with an order that is on the account already: ask before anything else."""
        found = await self._ask(open_order)
        if found is not None:
            return Placement(trade=found)
        await pricing_of(self._ports.quotes, open_order.order)
        stamped = await self._restamp(open_order, self._ports.venue.now_ms())
        return await self._send(stamped, Laps())

    async def _ask(self, open_order: OpenOrder) -> Trade | None:
        """Return what the venue knows of an order, or None where it provably has none.

        Raises:
            Ambiguous: The venue could not be asked.
        """
        if open_order.requested_at_ms == NOT_UNDER_WAY:
            return None
        venue, order = self._ports.venue, open_order.order
        last_moment = open_order.requested_at_ms + RECEIVE_WINDOW_MS + ABSENCE_MARGIN_MS
        try:
            left_ms = last_moment - await venue.server_time_ms()
            if left_ms > 0:
                await asyncio.sleep(left_ms / 1000)
            execution = await venue.find(order)
        except Retryable as error:
            raise Ambiguous(error.code, error.detail, **error.extensions) from error
        return None if execution is None else advance(_trade(open_order), execution)

    async def _send(self, open_order: OpenOrder, laps: Laps) -> Placement:
        trade, order = _trade(open_order), open_order.order
        try:
            placed = self._ports.venue.place(order, open_order.requested_at_ms)
            execution = await laps.of("venue", placed)
        except Rejected as error:
            failure = Failure(error.code, error.detail)
            return Placement(trade=fail(trade, failure, self._ports.clock()))
        except Retryable:
            await self._restamp(open_order, NOT_UNDER_WAY)
            raise
        return Placement(trade=advance(trade, execution), laps_ms=laps)

    async def _restamp(self, open_order: OpenOrder, new_ms: int) -> OpenOrder:
        """Record when the next copy of the request is signed, before it is sent.

        Raises:
            Ambiguous: Somebody else is at it.
            Rejected: Trading was halted in the meantime.
        """
        trade_id, old_ms = open_order.order.trade_id, open_order.requested_at_ms
        is_ours = False

        def decide(account: Account) -> Account | None:
            nonlocal is_ours
            if new_ms != NOT_UNDER_WAY and account.trading_state is TradingState.HALTED:
                raise Rejected(ErrorCode.TRADING_HALTED, "trading was halted meanwhile")
            changed = restamp(account, trade_id, old_ms, new_ms)
            is_ours = changed is not None
            return changed

        account = await self._ports.accounts.change(open_order.order.user_id, decide)
        if not is_ours:
            raise Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "the order is being placed elsewhere")
        return account.orders[trade_id]


def _trade(open_order: OpenOrder) -> Trade:
    return submitting(open_order.order, open_order.created_at)
