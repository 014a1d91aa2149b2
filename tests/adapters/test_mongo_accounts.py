"""Accounts under compare-and-set, by several processes at once."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from pymongo.errors import WriteError

from adapters.mongo import Database
from adapters.mongo_accounts import MongoAccountStore, to_document
from domain.account import Account, TradingState, with_balance
from domain.errors import ErrorCode, Rejected
from domain.order_status import OrderStatus
from domain.reservation import Reserved
from domain.trade_view import trade_of_view
from domain.trades import Trade
from tests.domain.desk import BUY, LIMIT, SALE, ask, held, trade_of
from tests.domain.strategies import USER, D, account_of, fill_of, intent_of, order_of

S = OrderStatus
TWO_FILLS = (fill_of(1, "60000", "0.04"), fill_of(2, "60000", "0.06"))


@pytest.fixture
async def store(database: Database) -> MongoAccountStore:
    """Return a store with one account of 10,000 USDT."""
    store = MongoAccountStore(database)
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    return store


async def reserved(store: MongoAccountStore) -> Account:
    """Put an order for 6,000 USDT on the account."""
    return await store.change(USER, lambda account: held(replace(account, limits=WIDE), LIMIT))


WIDE = account_of().limits


async def test_an_account_is_opened_once(store: MongoAccountStore) -> None:
    await store.open_account(USER, {"USDT": Decimal(1)})
    account = await store.load(USER)
    assert account.balance("USDT").free == 10_000
    assert (account.version, account.trading_state) == (0, TradingState.ACTIVE)


async def test_nobody_has_an_account_by_asking(store: MongoAccountStore) -> None:
    for call in (store.load, store.known, lambda user: store.change(user, lambda a: a)):
        with pytest.raises(Rejected) as refusal:
            await call("somebody")
        assert refusal.value.code is ErrorCode.NOT_FOUND


async def test_everything_comes_back_as_it_was(
    store: MongoAccountStore, database: Database
) -> None:
    await reserved(store)
    written = (await store.settle(trade_of(LIMIT, TWO_FILLS[0], end=S.PARTIALLY_FILLED))).account
    assert written.orders
    assert written.positions
    assert await MongoAccountStore(database).load(USER) == written


async def test_a_change_is_seen_by_other_processes(
    store: MongoAccountStore, database: Database
) -> None:
    other = MongoAccountStore(database)
    await other.load(USER)
    await store.change(USER, lambda account: with_balance(account, "BTC", D(1), D(0)))
    changed = await other.change(USER, lambda account: with_balance(account, "BTC", D(1), D(0)))
    assert changed.balance("BTC").free == 2
    assert changed == await store.load(USER)


async def test_no_change_is_lost(store: MongoAccountStore, database: Database) -> None:
    stores = [store, MongoAccountStore(database), MongoAccountStore(database)]
    await asyncio.gather(
        *(
            each.change(USER, lambda account: with_balance(account, "USDT", D(-1), D(1)))
            for each in stores
            for _ in range(7)
        )
    )
    account = await store.load(USER)
    usdt = account.balance("USDT")
    assert (usdt.free, usdt.locked, account.version) == (D(9_979), D(21), 21)


async def test_two_processes_cannot_both_reserve_the_same_money(
    store: MongoAccountStore, database: Database
) -> None:
    passed: set[str] = set()

    async def reserve(store: MongoAccountStore, key: str) -> None:
        def decide(account: Account) -> Account | None:
            decision = ask(replace(account, limits=WIDE), LIMIT, key)
            return decision.account if isinstance(decision, Reserved) else None

        account = await store.change(USER, decide)
        passed.update(account.orders)

    other = MongoAccountStore(database)
    await asyncio.gather(reserve(store, "a"), reserve(other, "b"), reserve(store, "c"))
    assert len(passed) == 1
    assert (await store.load(USER)).balance("USDT").locked == 6_000


async def test_to_leave_it_is_decided_on_the_committed_state(
    store: MongoAccountStore, database: Database
) -> None:
    await store.load(USER)
    await MongoAccountStore(database).change(
        USER, lambda account: with_balance(account, "USDT", D(5), D(0))
    )
    seen: list[Decimal] = []
    await store.change(USER, lambda account: seen.append(account.balance("USDT").free))
    assert seen == [10_000, 10_005]


async def test_a_decision_that_raises_changes_nothing(store: MongoAccountStore) -> None:
    def refuse(_: Account) -> Account:
        raise Rejected(ErrorCode.TRADING_HALTED, "no")

    with pytest.raises(Rejected):
        await store.change(USER, refuse)
    assert (await store.load(USER)).version == 0


async def test_who_waits_for_a_write_is_told_of_it(store: MongoAccountStore) -> None:
    waiting = asyncio.create_task(store.written(USER, within_s=60))
    await asyncio.sleep(0)
    await store.load(USER)
    assert not waiting.done()
    await reserved(store)
    await asyncio.wait_for(waiting, 10)


async def test_what_another_process_writes_is_not_waited_for_long(
    store: MongoAccountStore, database: Database
) -> None:
    waiting = asyncio.create_task(store.written(USER, within_s=0.1))
    await asyncio.sleep(0)
    await reserved(MongoAccountStore(database))
    await asyncio.wait_for(waiting, 10)


async def test_settling_writes_account_record_and_position(
    store: MongoAccountStore, database: Database
) -> None:
    await reserved(store)
    trade = trade_of(LIMIT, *TWO_FILLS, end=S.FILLED)
    settled = await store.settle(trade)
    assert settled.account == await store.load(USER)
    assert settled.account.orders == {}
    assert settled.account.balance("USDT").total == 4_000
    record = await database["trades"].find_one({"_id": trade.order.trade_id})
    assert record is not None
    assert record["fingerprint"] == trade.order.fingerprint
    assert trade_of_view(trade.order, record) == trade
    (position,) = settled.positions
    kept = await database["positions"].find_one({"_id": position.position_id})
    assert kept is not None
    assert (kept["quantity"], kept["closed_at"]) == (D("0.1"), None)


async def test_fills_count_once_whoever_settles_them(
    store: MongoAccountStore, database: Database
) -> None:
    await reserved(store)
    part = trade_of(LIMIT, TWO_FILLS[0], end=S.PARTIALLY_FILLED)
    whole = trade_of(LIMIT, *TWO_FILLS, end=S.FILLED)
    stores = [store, MongoAccountStore(database), MongoAccountStore(database)]
    await asyncio.gather(*(each.settle(t) for each in stores for t in (part, whole, part)))
    account = await store.load(USER)
    assert (account.balance("BTC").total, account.balance("USDT").total) == (
        D("0.1"),
        D(4_000),
    )
    record = await database["trades"].find_one({"_id": whole.order.trade_id})
    assert record is not None
    assert record["status"] == "FILLED"


async def test_an_older_state_changes_nothing(store: MongoAccountStore, database: Database) -> None:
    await reserved(store)
    order = order_of(LIMIT)
    await store.settle(trade_of(LIMIT, *TWO_FILLS, end=S.PARTIALLY_FILLED))
    before = await store.load(USER)
    await store.settle(trade_of(LIMIT, TWO_FILLS[0], end=S.PARTIALLY_FILLED))
    assert await store.load(USER) == before
    record = await database["trades"].find_one({"_id": order.trade_id})
    assert record is not None
    assert len(record["fills"]) == 2


async def test_a_sale_closes_the_position(store: MongoAccountStore, database: Database) -> None:
    await reserved(store)
    await store.settle(trade_of(LIMIT, *TWO_FILLS, end=S.FILLED))
    await store.change(USER, lambda account: held(account, SALE, "sale"))
    sold = trade_of(SALE, fill_of(3, "61000", "0.1"), key="sale", end=S.FILLED)
    (position,) = (await store.settle(sold)).positions
    kept = await database["positions"].find_one({"_id": position.position_id})
    assert kept is not None
    assert (kept["realized_pnl"], kept["close_reason"]) == (100, "sold")
    assert (await store.load(USER)).day.realized_pnl == 100


async def test_all_or_nothing(store: MongoAccountStore, database: Database) -> None:
    before = await reserved(store)
    refuse_all = {"$jsonSchema": {"required": ["what no position has"]}}
    await database.command("collMod", "positions", validator=refuse_all)
    trade: Trade = trade_of(LIMIT, *TWO_FILLS, end=S.FILLED)
    with pytest.raises(WriteError):
        await store.settle(trade)
    assert await store.load(USER) == before
    assert await database["trades"].count_documents({}) == 0
    await database.command("collMod", "positions", validator={})
    await store.settle(trade)
    assert (await store.load(USER)).orders == {}


async def test_money_is_never_a_float(store: MongoAccountStore, database: Database) -> None:
    document = to_document(await store.load(USER))
    document["balances"]["USDT"]["free"] = 10_000.0
    with pytest.raises(WriteError):
        await database["accounts"].replace_one({"_id": USER}, document)


async def test_a_quote_order_is_recorded_with_what_it_bought(
    store: MongoAccountStore, database: Database
) -> None:
    intent = intent_of("BTCUSDT", BUY, quote_quantity="60")
    await store.change(USER, lambda account: held(account, intent))
    trade = trade_of(intent, fill_of(1, "60000", "0.001"), end=S.FILLED)
    await store.settle(trade)
    record = await database["trades"].find_one({"_id": trade.order.trade_id})
    assert record is not None
    assert (record["quantity"], record["quote_quantity"]) == (D("0.001"), 60)


@pytest.mark.parametrize("end", [S.FILLED, S.PARTIALLY_FILLED])
async def test_who_was_frozen_does_not_settle_again_what_a_repeat_holds(
    store: MongoAccountStore, database: Database, end: S
) -> None:
    """A repeat reserves the order anew for a moment; the account alone does not tell its end."""
    intent = intent_of("BTCUSDT", BUY, quantity="0.02", price="60000")
    fills = [fill_of(1, "60000", "0.01"), fill_of(2, "60000", "0.01")]
    trade = trade_of(intent, *fills, end=S.FILLED)
    await store.change(USER, lambda account: held(account, intent))
    await store.settle(trade)
    of_repeat = await store.change(USER, lambda account: held(account, intent))
    await MongoAccountStore(database).settle(trade_of(intent, *fills, end=end))
    assert await store.load(USER) == of_repeat
    record = await database["trades"].find_one({"_id": trade.order.trade_id})
    assert record is not None
    assert record["status"] == "FILLED"
