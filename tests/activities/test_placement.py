"""Placing an order on a real store, before a venue whose every answer is told beforehand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.placement import OrderPlacement, TradingPorts
from adapters.mongo import Database
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_trades import MongoTrades
from domain.account import TradingState
from domain.errors import Ambiguous, BotCoreError, ErrorCode, Rejected, Retryable
from domain.market import Quote
from domain.order_status import OrderStatus
from domain.orders import Order, Side, fingerprint
from domain.reservation import NOT_UNDER_WAY
from domain.timing import ABSENCE_MARGIN_MS, RECEIVE_WINDOW_MS
from domain.trades import Execution, Failure
from tests.domain.strategies import NOW, USER, D, fill_of, intent_of, order_of, quote_of

BUY = order_of(intent_of("BTCUSDT", Side.BUY, quantity="0.1", price="60000"))
SELL = order_of(intent_of("BTCUSDT", Side.SELL, quantity="0.1"), "sale")
FILLED = Execution(7, OrderStatus.FILLED, (fill_of(1, "60000", "0.1"),), NOW, D("0.1"))
AWAY = Failure(ErrorCode.VENUE_UNAVAILABLE, "away")


@dataclass
class ToldVenue:
    """Answers `place` and `find` with what it was told, in this order; writes down each call."""

    places: list[Execution | BotCoreError] = field(default_factory=list)
    finds: list[Execution | BotCoreError | None] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)

    def now_ms(self) -> int:
        return int(datetime.now(UTC).timestamp() * 1000)

    async def server_time_ms(self) -> int:
        return self.now_ms()

    async def place(self, order: Order, requested_at_ms: int) -> Execution:
        assert order.trade_id in {BUY.trade_id, SELL.trade_id}
        self.calls.append(("place", requested_at_ms))
        answer = self._next(self.places)
        assert answer is not None
        return answer

    async def find(self, order: Order) -> Execution | None:
        assert order.trade_id in {BUY.trade_id, SELL.trade_id}
        self.calls.append(("find", self.now_ms()))
        return self._next(self.finds)

    async def cancel(self, order: Order) -> None:
        raise NotImplementedError(order)

    async def balances(self, user_id: str) -> dict[str, Decimal]:
        raise NotImplementedError(user_id)

    @staticmethod
    def _next(answers: Any) -> Execution | None:
        answer: Execution | BotCoreError | None = answers.pop(0)
        if isinstance(answer, BotCoreError):
            raise answer
        return answer

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def clock() -> datetime:
    """Return the time in milliseconds, as the store keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Quotes:
    """One live quote."""

    async def quote(self, symbol: str) -> Quote | None:
        return quote_of(symbol)


@dataclass
class Desk:
    """A placement and what it works with."""

    store: MongoAccountStore
    venue: ToldVenue
    placement: OrderPlacement

    async def stamp(self, trade_id: str = BUY.trade_id) -> int:
        return (await self.store.load(USER)).orders[trade_id].requested_at_ms

    async def free(self) -> Decimal:
        return (await self.store.load(USER)).balance("USDT").free


@pytest.fixture
async def new_desk(database: Database) -> Callable[[], Desk]:
    """Compose processes that share a database with an account of 10,000 USDT."""

    def compose(venue: ToldVenue | None = None) -> Desk:
        store, told = MongoAccountStore(database), venue or ToldVenue()
        ports = TradingPorts(store, MongoTrades(database), told, Quotes(), clock)
        return Desk(store, told, OrderPlacement(ports))

    await compose().store.open_account(USER, {"USDT": Decimal(10_000)})
    return compose


@pytest.fixture
def desk(new_desk: Callable[[], Desk]) -> Desk:
    return new_desk()


async def reservation(desk: Desk) -> None:
    """Wait until an order is on the account."""
    while not (await desk.store.load(USER)).orders:  # noqa: ASYNC110 - it is in the database
        await asyncio.sleep(0.005)


async def stored() -> bool:
    """Stand for a workflow's start whose first task came back with it."""
    return True


async def test_nothing_is_sent_before_intent_and_reservation_are_stored(desk: Desk) -> None:
    desk.venue.places = [FILLED]
    intent_stored = asyncio.Event()
    begun = desk.placement.begin(BUY, intent_stored.wait())
    await reservation(desk)
    assert desk.venue.calls == []
    intent_stored.set()
    trade = (await begun).trade
    assert trade is not None
    assert trade.status is OrderStatus.FILLED
    assert desk.venue.calls == [("place", await desk.stamp())]
    assert (await desk.placement.place(BUY)).trade == trade  # the workflow joins it
    assert desk.venue.names == ["place"]


async def test_a_start_that_fails_releases_the_reservation(desk: Desk) -> None:
    async def fail() -> bool:
        await reservation(desk)
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "no workflow service")

    with pytest.raises(Retryable):
        await desk.placement.begin(BUY, fail())
    assert desk.venue.calls == []
    assert await desk.free() == 10_000


async def test_a_dead_process_order_is_asked_about_and_not_sent_again(
    new_desk: Callable[..., Desk],
) -> None:
    died = new_desk()
    died.venue.places = [Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "it died here")]
    with pytest.raises(Ambiguous):
        await died.placement.begin(BUY, stored())
    heir = new_desk()
    heir.venue.finds = [FILLED]
    trade = (await heir.placement.place(BUY)).trade
    assert trade is not None
    assert trade.status is OrderStatus.FILLED
    assert heir.venue.names == ["find"]


async def test_absence_is_believed_after_the_window_and_the_order_sent_with_a_new_time(
    new_desk: Callable[..., Desk],
) -> None:
    died = new_desk()
    died.venue.places = [Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "it died here")]
    with pytest.raises(Ambiguous):
        await died.placement.begin(BUY, stored())
    first = await died.stamp()
    heir = new_desk()
    heir.venue.finds, heir.venue.places = [None], [FILLED]
    await heir.placement.place(BUY)
    (_, asked_ms), (_, second) = heir.venue.calls
    assert asked_ms >= first + RECEIVE_WINDOW_MS + ABSENCE_MARGIN_MS
    assert second >= asked_ms
    assert await heir.stamp() == second


async def test_two_heirs_do_not_both_send(new_desk: Callable[..., Desk]) -> None:
    died = new_desk()
    died.venue.places = [Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "it died here")]
    with pytest.raises(Ambiguous):
        await died.placement.begin(BUY, stored())
    shared = ToldVenue(finds=[None, None], places=[FILLED])
    heirs = [new_desk(shared), new_desk(shared)]
    outcomes = await asyncio.gather(
        *(heir.placement.place(BUY) for heir in heirs), return_exceptions=True
    )
    assert shared.names.count("place") == 1
    assert sum(isinstance(outcome, Ambiguous) for outcome in outcomes) == 1


async def test_what_was_provably_not_accepted_is_sent_again_at_once(desk: Desk) -> None:
    desk.venue.places = [Retryable(ErrorCode.VENUE_UNAVAILABLE, "busy"), FILLED]
    with pytest.raises(Retryable):
        await desk.placement.begin(BUY, stored())
    assert await desk.stamp() == NOT_UNDER_WAY
    with pytest.raises(Retryable):
        await desk.placement.place(BUY)  # joins the attempt that has failed
    assert (await desk.placement.place(BUY)).trade is not None
    assert desk.venue.names == ["place", "place"]


async def test_a_halt_meanwhile_keeps_the_order_from_being_sent_again(desk: Desk) -> None:
    desk.venue.places = [Retryable(ErrorCode.VENUE_UNAVAILABLE, "busy")]
    with pytest.raises(Retryable):
        await desk.placement.begin(BUY, stored())
    await desk.store.change(USER, lambda a: replace(a, trading_state=TradingState.HALTED))
    await asyncio.gather(desk.placement.place(BUY), return_exceptions=True)
    with pytest.raises(Rejected) as refusal:
        await desk.placement.place(BUY)
    assert refusal.value.code is ErrorCode.TRADING_HALTED
    assert desk.venue.names == ["place"]


async def test_a_venue_that_cannot_be_asked_leaves_it_unknown(
    new_desk: Callable[..., Desk],
) -> None:
    died = new_desk()
    died.venue.places = [Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "it died here")]
    with pytest.raises(Ambiguous):
        await died.placement.begin(BUY, stored())
    heir = new_desk()
    heir.venue.finds = [Retryable(ErrorCode.VENUE_UNAVAILABLE, "away")] * 2 + [None]
    with pytest.raises(Ambiguous):
        await heir.placement.place(BUY)
    with pytest.raises(Ambiguous):
        await heir.placement.conclude(BUY, AWAY)
    assert await heir.free() < 10_000
    trade = (await heir.placement.conclude(BUY, AWAY)).trade
    assert trade is not None
    assert (trade.status, trade.failure) == (OrderStatus.REJECTED, AWAY)
    await heir.store.settle(trade)
    assert await heir.free() == 10_000
    assert "place" not in heir.venue.names


async def test_another_order_under_the_key_is_never_sent(new_desk: Callable[..., Desk]) -> None:
    other_intent = intent_of("BTCUSDT", Side.BUY, quantity="0.2", price="10000")
    other = replace(BUY, intent=other_intent, fingerprint=fingerprint(other_intent))
    died = new_desk()
    died.venue.places = [Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "it died here")]
    with pytest.raises(Ambiguous):
        await died.placement.begin(other, stored())
    ours = new_desk()
    for attempt in (ours.placement.begin(BUY, stored()), ours.placement.place(BUY)):
        with pytest.raises(Retryable):
            await attempt
    assert ours.venue.calls == []


async def test_a_key_whose_workflow_is_forgotten_is_known_by_its_record(desk: Desk) -> None:
    desk.venue.places = [FILLED]
    trade = (await desk.placement.begin(BUY, stored())).trade
    assert trade is not None
    await desk.store.settle(trade)
    before = await desk.store.load(USER)
    again = (await desk.placement.begin(BUY, stored())).trade
    assert again == trade
    with pytest.raises(Rejected) as refusal:
        await desk.placement.begin(replace(BUY, fingerprint="another body"), stored())
    assert refusal.value.code is ErrorCode.IDEMPOTENCY_MISMATCH
    after = await desk.store.load(USER)
    assert (after.balances, after.orders) == (before.balances, before.orders)
    assert desk.venue.names == ["place"]


async def test_a_sale_waits_for_the_purchase_that_was_answered_before(desk: Desk) -> None:
    sold = Execution(8, OrderStatus.FILLED, (fill_of(2, "60000", "0.1"),), NOW, D("0.1"))
    desk.venue.places = [FILLED, sold]
    bought = (await desk.placement.begin(BUY, stored())).trade
    assert bought is not None
    selling = desk.placement.begin(SELL, stored())
    await asyncio.sleep(0.05)  # it has been denied and waits; were it not to, it would be done
    assert not selling.done()
    await desk.store.settle(bought)
    assert (await selling).trade is not None


async def test_a_denial_holds_nothing_and_sends_nothing(desk: Desk) -> None:
    denial = (await desk.placement.begin(SELL, stored())).denial
    assert denial is not None
    assert denial.code is ErrorCode.INSUFFICIENT_BALANCE
    assert desk.venue.calls == []
    assert (await desk.store.load(USER)).orders == {}
