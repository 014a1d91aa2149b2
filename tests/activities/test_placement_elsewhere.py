"""An order that another process has placed and settled while this one was about to reserve."""

import asyncio
from decimal import Decimal

import pytest

from activities.placement import OrderPlacement, TradingPorts
from adapters.mongo import Database
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_trades import MongoTrades
from domain.errors import Ambiguous
from domain.market import Quote
from domain.order_status import OrderStatus
from domain.ports import QuoteBoard
from domain.timing import FIRST_ATTEMPT_LIMIT_S
from tests.activities.test_placement import BUY, FILLED, Quotes, ToldVenue, clock, stored
from tests.domain.strategies import USER


class HeldQuotes(Quotes):
    """A quote that comes late, and the reservation with it."""

    def __init__(self) -> None:
        self.come = asyncio.Event()

    async def quote(self, symbol: str) -> Quote | None:
        await self.come.wait()
        return await super().quote(symbol)


async def test_it_is_not_sent_again(database: Database) -> None:
    def process(venue: ToldVenue, quotes: QuoteBoard) -> tuple[OrderPlacement, MongoAccountStore]:
        store = MongoAccountStore(database)
        ports = TradingPorts(store, MongoTrades(database), venue, quotes, clock)
        return OrderPlacement(ports), store

    quotes, silent = HeldQuotes(), ToldVenue()
    late, store = process(silent, quotes)
    other, others_store = process(ToldVenue(places=[FILLED]), Quotes())
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    begun = late.begin(BUY, stored())
    placed = await other.place(BUY)
    assert placed.trade is not None
    await others_store.settle(placed.trade)
    settled = (await others_store.load(USER)).balances
    quotes.come.set()
    found = (await begun).trade
    assert found is not None
    assert (found.status, found.venue_order_id) == (OrderStatus.FILLED, 7)
    assert silent.calls == []
    account = await store.load(USER)
    assert (account.orders, account.balances) == ({}, settled)


async def test_a_first_attempt_that_stalled_leaves_the_order_to_its_workflow(
    database: Database,
) -> None:
    quotes, silent = HeldQuotes(), ToldVenue()
    store = MongoAccountStore(database)
    placement = OrderPlacement(TradingPorts(store, MongoTrades(database), silent, quotes, clock))
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    begun = placement.begin(BUY, stored())
    await asyncio.sleep(FIRST_ATTEMPT_LIMIT_S + 0.05)
    quotes.come.set()
    with pytest.raises(Ambiguous):
        await begun
    account = await store.load(USER)
    assert silent.calls == []
    assert account.orders == {}
    assert account.balance("USDT").free == 10_000
