"""The life of one order: place, settle, and listen until it is terminal."""

import asyncio
from collections.abc import Iterable

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from activities.failures import as_error, as_failures
from activities.settlement import Step
from activities.trading import TradingActivities
from domain import timing
from domain.errors import Ambiguous, BotCoreError, ErrorCode, Rejected
from domain.order_status import OrderStatus
from domain.orders import Order
from domain.placement import Placement
from domain.trades import (
    Execution,
    ExecutionReport,
    Failure,
    Trade,
    advance,
    hear,
    lose_sight,
    submitting,
)
from workflows.steps import STEP_FAILURES, by_document, go_on, once, persistently, until_done

USER_ID = SearchAttributeKey.for_keyword("UserId")
SYMBOL = SearchAttributeKey.for_keyword("Symbol")
SIDE = SearchAttributeKey.for_keyword("Side")
TRADE_STATUS = SearchAttributeKey.for_keyword("TradeStatus")

_LEFT_OVER = {
    Step.RECORD: TradingActivities.record_trade,
    Step.PUBLISH: TradingActivities.publish_trade,
    Step.PUSH: TradingActivities.push_trade,
}


@workflow.defn(name="TradeExecution")
class TradeExecution:
    """One trade. Its id is `trade-` and the trade's id."""

    @workflow.init
    def __init__(self, order: Order, resumed: Trade | None = None) -> None:
        """Take the order; `resumed` is the trade that an earlier run handed over."""
        self._order = order
        self._trade = resumed
        self._placement = Placement(trade=resumed) if resumed else None
        self._error: BotCoreError | None = None
        self._heard: list[Execution | ExecutionReport] = []
        self._is_doubtful = False
        self._silent_rounds = 0
        self._is_settled = False

    @workflow.run
    async def run(
        self,
        order: Order,  # noqa: ARG002 - taken by __init__ already, with the same parameters
        resumed: Trade | None = None,
    ) -> Placement:
        """Execute the order; the result says what became of it."""
        if resumed is None:
            placement = await self._place()
            if placement.denial is not None:
                return await self._denied(placement)
        while not self._is_settled:
            await self._settle()
            if not self._is_settled:
                await self._next_word()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._error is not None and self._trade and self._trade.failure:
            with as_failures():
                raise Rejected(self._error.code, self._error.detail)
        return Placement(trade=self._trade)

    @workflow.signal
    def execution_report(self, report: ExecutionReport, user_id: str) -> None:
        """Hear a message of the user-data stream of this user's account.

        Anybody can give an order on an account of their own the id of this one; only the
        owner's account is believed.
        """
        if user_id == self._order.user_id:
            self._heard.append(report)

    @workflow.signal
    def check_venue(self) -> None:
        """Ask the venue soon: messages of the stream may have been lost."""
        self._is_doubtful = True

    @workflow.update
    async def outcome(self) -> Placement:
        """Wait for what the first callers are told: the placement, or why there is none."""
        await workflow.wait_condition(lambda: self._placement is not None or bool(self._error))
        if self._placement is not None:
            return self._placement
        assert self._error is not None  # noqa: S101 - the condition above
        with as_failures():
            raise self._error

    @workflow.update
    async def cancel(self) -> Trade:
        """Cancel the order; returns the canceled trade once it is recorded."""
        await workflow.wait_condition(lambda: self._trade is not None)
        try:
            await by_document(
                TradingActivities.cancel_order, self._order, summary="cancel at the venue"
            )
        except STEP_FAILURES as failure:
            error = as_error(failure)
            if error.code is not ErrorCode.NOT_CANCELABLE:
                with as_failures():
                    raise error from None
        await self._ask_venue()
        # Nobody takes in a word that comes after the end, which the stream may have told first.
        await workflow.wait_condition(lambda: not self._heard or self._is_settled)
        trade = self._trade
        if trade is None or trade.status is not OrderStatus.CANCELED:
            with as_failures():
                raise Rejected(ErrorCode.NOT_CANCELABLE, "the order is not open any more")
        await workflow.wait_condition(lambda: self._is_settled)
        return trade

    async def _place(self) -> Placement:
        try:
            placement: Placement = await by_document(
                TradingActivities.place_order, self._order, summary="place at the venue"
            )
        except STEP_FAILURES as failure:
            placement = await self._conclude(as_error(failure))
        self._placement = placement
        self._trade = placement.trade
        return placement

    async def _conclude(self, error: BotCoreError) -> Placement:
        """All attempts failed: answer those who wait, then find out, however long it takes."""
        if isinstance(error, Ambiguous):
            self._trade = lose_sight(submitting(self._order, workflow.now()), workflow.now())
            self._placement = Placement(trade=self._trade)
            await self._settle()
        else:
            self._error = error
        placement: Placement = await until_done(
            TradingActivities.conclude_order,
            self._order,
            Failure(error.code, error.detail),
            summary="find out what became of the order",
        )
        return placement

    async def _denied(self, placement: Placement) -> Placement:
        workflow.upsert_search_attributes([TRADE_STATUS.value_set(OrderStatus.REJECTED)])
        await persistently(
            TradingActivities.publish_denial,
            self._order,
            placement.denial,
            summary="publish the denial",
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return placement

    async def _settle(self) -> None:
        """Record, publish and push the trade as it stands; each is retried on its own."""
        trade = self._trade
        assert trade is not None  # noqa: S101 - there is one after the placement
        workflow.upsert_search_attributes([TRADE_STATUS.value_set(trade.status)])
        workflow.set_current_details(describe(trade))
        try:
            left: list[Step] = await once(
                TradingActivities.settle_trade, trade, summary="record, publish, push"
            )
        except STEP_FAILURES:
            left = list(Step)
        shown = [step for step in (Step.RECORD, Step.PUSH) if step in left]
        told = [step for step in (Step.PUBLISH,) if step in left]
        await asyncio.gather(_make_up_for(shown, trade), _make_up_for(told, trade))
        self._is_settled = trade.is_terminal

    async def _next_word(self) -> None:
        """Wait for the stream, or ask when it is silent, until the trade has changed."""
        before = self._trade
        while self._trade == before:
            self._hand_over_long_history()
            try:
                await workflow.wait_condition(
                    lambda: bool(self._heard) or self._is_doubtful, timeout=self._patience_s()
                )
                self._silent_rounds = 0
            except TimeoutError:
                self._silent_rounds += 1
                self._is_doubtful = True
            if self._is_doubtful:
                self._is_doubtful = False
                await self._ask_venue()
            await self._take_in()

    async def _take_in(self) -> None:
        while self._heard and self._trade is not None:
            word = self._heard.pop(0)
            if isinstance(word, Execution):
                self._trade = advance(self._trade, word)
                continue
            trade = hear(self._trade, word)
            if trade is None:
                await self._ask_venue()
            else:
                self._trade = trade

    async def _ask_venue(self) -> None:
        execution: Execution | None = await persistently(
            TradingActivities.find_order, self._order, summary="ask the venue"
        )
        if execution is not None:
            self._heard.append(execution)

    def _patience_s(self) -> float:
        patience_s: float = timing.RECONCILE_INTERVAL_S * 2.0**self._silent_rounds
        return min(patience_s, timing.RECONCILE_INTERVAL_MAX_S)

    def _hand_over_long_history(self) -> None:
        is_waiting = not self._heard and not self._is_doubtful
        is_quiet = is_waiting and workflow.all_handlers_finished()
        if is_quiet and workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(args=[self._order, self._trade])


async def _make_up_for(steps: Iterable[Step], trade: Trade) -> None:
    """Do what was left, one after the other; the first of them has been tried."""
    make = go_on
    for step in steps:
        await make(_LEFT_OVER[step], trade, summary=str(step))
        make = until_done


def describe(trade: Trade) -> str:
    """Return what an operator reads first, in Markdown."""
    intent = trade.order.intent
    wanted = intent.quantity if intent.quantity is not None else intent.quote_quantity
    lines = [
        f"**{trade.status}** {intent.side} {wanted} {intent.symbol} {intent.type}",
        f"executed {trade.executed_quantity} at {trade.executed_price or 'no price yet'}",
        f"client order id `{trade.order.client_order_id}`, venue order {trade.venue_order_id}",
    ]
    if trade.failure:
        lines.append(f"{trade.failure.code}: {trade.failure.detail}")
    return "  \n".join(lines)
