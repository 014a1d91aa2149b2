"""An order whose workflow runs in another process, or may by now."""

import asyncio
from decimal import Decimal

import pytest

from activities.placement import OrderPlacement, TradingPorts
from adapters.mongo import Database
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_trades import MongoTrades
from domain.market import Quote
from domain.order_status import OrderStatus
from domain.placement import LeftToWorkflow
from domain.ports import QuoteBoard
from domain.timing import FIRST_ATTEMPT_LIMIT_S
from tests.activities.test_placement import AWAY, BUY, FILLED, Quotes, ToldVenue, clock, stored
from tests.domain.desk import held
from tests.domain.strategies import USER


class HeldQuotes(Quotes):
    """A quote that comes late, and the reservation with it."""

    def __init__(self) -> None:
        self.come = asyncio.Event()

    async def quote(self, symbol: str) -> Quote | None:
        await self.come.wait()
        return await super().quote(symbol)


Process = tuple[OrderPlacement, MongoAccountStore]


def process_of(database: Database, venue: ToldVenue, quotes: QuoteBoard) -> Process:
    store = MongoAccountStore(database)
    return OrderPlacement(TradingPorts(store, MongoTrades(database), venue, quotes, clock)), store


async def elsewhere() -> bool:
    """Stand for a workflow's start whose first task went to another worker."""
    return False


async def test_it_is_not_sent_again(database: Database) -> None:
    quotes, silent = HeldQuotes(), ToldVenue()
    late, store = process_of(database, silent, quotes)
    other, others_store = process_of(database, ToldVenue(places=[FILLED]), Quotes())
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    begun = late.begin(BUY, elsewhere())
    placed = await other.place(BUY)
    assert placed.trade is not None
    await others_store.settle(placed.trade)
    settled = (await others_store.load(USER)).balances
    quotes.come.set()
    with pytest.raises(LeftToWorkflow):
        await begun
    found = (await late.place(BUY)).trade
    assert found is not None
    assert (found.status, found.venue_order_id) == (OrderStatus.FILLED, 7)
    assert silent.calls == []
    account = await store.load(USER)
    assert (account.orders, account.balances) == ({}, settled)


async def test_a_workflow_whose_task_came_later_does_not_wait_for_a_second_attempt(
    database: Database,
) -> None:
    placement, store = process_of(database, venue := ToldVenue(places=[FILLED]), Quotes())
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    begun = placement.begin(BUY, elsewhere())
    placed = (await placement.place(BUY)).trade
    assert placed is not None
    assert placed.status is OrderStatus.FILLED
    assert venue.names == ["place"]
    with pytest.raises(LeftToWorkflow):
        await begun


async def test_a_first_attempt_that_stalled_leaves_the_order_to_its_workflow(
    database: Database,
) -> None:
    quotes, silent = HeldQuotes(), ToldVenue()
    placement, store = process_of(database, silent, quotes)
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    begun = placement.begin(BUY, stored())
    await asyncio.sleep(FIRST_ATTEMPT_LIMIT_S + 0.05)
    quotes.come.set()
    with pytest.raises(LeftToWorkflow):
        await begun
    account = await store.load(USER)
    assert silent.calls == []
    assert account.orders == {}
    assert account.balance("USDT").free == 10_000


async def test_what_a_dead_repeat_reserved_of_a_settled_trade_is_given_back(
    database: Database,
) -> None:
    placement, store = process_of(database, ToldVenue(places=[FILLED]), Quotes())
    heir, _ = process_of(database, venue := ToldVenue(), Quotes())
    await store.open_account(USER, {"USDT": Decimal(20_000)})
    trade = (await placement.begin(BUY, stored())).trade
    assert trade is not None
    await store.settle(trade)
    settled = await store.load(USER)

    async def dead_repeat() -> None:
        await store.change(USER, lambda account: held(account, BUY.intent))

    async def is_given_back() -> bool:
        account = await store.load(USER)
        return (account.orders, account.balances) == ({}, settled.balances)

    await dead_repeat()
    assert (await heir.place(BUY)).trade == trade
    assert await is_given_back()
    await dead_repeat()
    assert (await heir.conclude(BUY, AWAY)).trade == trade
    assert await is_given_back()
    assert venue.calls == []
