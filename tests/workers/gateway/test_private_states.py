"""What private channels show at first, from real stores."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from adapters.exact_json import dump, load
from adapters.mongo import Database, database_of, open_client
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_trades import MongoTrades
from adapters.redis_quotes import RedisQuoteBoard, RedisTickWriter, Tick, quote_document
from domain.market import Quote
from domain.order_status import OrderStatus
from tests.domain.desk import LIMIT, held, trade_of
from tests.domain.strategies import USER, account_of, fill_of
from workers.gateway.private_states import StoredStates
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server

CHANNELS = ("orders", "positions", "account", "signals")
S = OrderStatus


@pytest.fixture
async def accounts(database: Database) -> MongoAccountStore:
    accounts = MongoAccountStore(database)
    await accounts.open_account(USER, {"USDT": Decimal(10_000)})
    wide = account_of().limits
    await accounts.change(USER, lambda account: replace(account, limits=wide))
    return accounts


@pytest.fixture
def states(database: Database, redis_client: Redis) -> StoredStates:
    quotes = RedisQuoteBoard(redis_client)
    return StoredStates(MongoAccountStore(database), MongoTrades(database), quotes)


async def _price(redis: Redis, price: Decimal) -> None:
    quote = Quote("BTCUSDT", price, price, price, Decimal(1), Decimal(0), datetime.now(UTC))
    await RedisTickWriter(redis).write([Tick("BTCUSDT", quote_document(quote), "", None)])


async def test_a_new_account_is_empty(accounts: MongoAccountStore, states: StoredStates) -> None:
    del accounts  # it has opened the account
    state = load(dump(await states.read(USER, CHANNELS)))
    assert state["orders"] == state["positions"] == state["signals"] == []
    assert state["account"] == {
        "balances": [{"asset": "USDT", "free": 10_000, "locked": 0, "total": 10_000}],
        "equity_quote": 10_000,
        "realized_pnl_today": 0,
        "open_positions": 0,
        "trading_state": "ACTIVE",
    }


async def test_open_orders_are_shown_until_they_end(
    accounts: MongoAccountStore, states: StoredStates
) -> None:
    await accounts.change(USER, lambda account: held(account, LIMIT))
    (order,) = (await states.read(USER, ["orders"]))["orders"]
    assert (order["status"], order["order_id"]) == ("SUBMITTING", order["trade_id"])
    partial = trade_of(LIMIT, fill_of(1, "60000", "0.04"), end=S.PARTIALLY_FILLED)
    await accounts.settle(partial)
    (order,) = (await states.read(USER, ["orders"]))["orders"]
    assert (order["status"], order["executed_quantity"]) == ("PARTIALLY_FILLED", Decimal("0.04"))
    assert "fingerprint" not in order
    fills = fill_of(1, "60000", "0.04"), fill_of(2, "60000", "0.06")
    await accounts.settle(trade_of(LIMIT, *fills, end=S.FILLED))
    assert await states.read(USER, ["orders"]) == {"orders": []}


async def test_positions_and_the_account_are_valued_at_live_prices(
    accounts: MongoAccountStore, states: StoredStates, redis_client: Redis
) -> None:
    await accounts.change(USER, lambda account: held(account, LIMIT))
    await accounts.settle(trade_of(LIMIT, fill_of(1, "60000", "0.1"), end=S.FILLED))
    state = await states.read(USER, CHANNELS)
    assert state["positions"][0]["mark_price"] is None
    assert state["account"]["equity_quote"] is None
    assert state["account"]["open_positions"] == 1
    await _price(redis_client, Decimal(61_000))
    state = await states.read(USER, CHANNELS)
    (position,) = state["positions"]
    assert (position["symbol"], position["mark_price"]) == ("BTCUSDT", 61_000)
    assert position["unrealized_pnl"] == 1_000 * position["quantity"]
    usdt = next(b["free"] for b in state["account"]["balances"] if b["asset"] == "USDT")
    btc = next(b["free"] for b in state["account"]["balances"] if b["asset"] == "BTC")
    assert state["account"]["equity_quote"] == usdt + 61_000 * btc


async def test_without_an_account_nothing_is_held(states: StoredStates) -> None:
    state = await states.read("somebody", CHANNELS)
    assert state == {"orders": [], "positions": [], "signals": []}


@pytest.fixture
async def frozen(
    start_server: Callable[[Server], Instance], redis_client: Redis
) -> AsyncIterator[StoredStates]:
    mongodb = start_server(servers.MONGODB)
    client = open_client(mongodb.url)
    database = database_of(client, "frozen")
    await MongoAccountStore(database).open_account(USER, {})
    mongodb.kill()
    quotes = RedisQuoteBoard(redis_client)
    yield StoredStates(MongoAccountStore(database), MongoTrades(database), quotes)
    client.close()


async def test_a_database_that_is_away_is_not_waited_for(frozen: StoredStates) -> None:
    async with asyncio.timeout(2.5):
        assert await frozen.read(USER, CHANNELS) == {"signals": []}
