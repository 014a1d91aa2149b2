"""Scripts for any exchange, written with ccxt, pointed at ours as at Binance."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from tests.contract.conftest import FUNDS, Access

PAIR = "BTC/USDT"
WATCH_S = 15


@pytest.fixture
def sync(access: Access) -> Any:
    return access.ccxt(ccxt.binance)


@pytest.fixture
async def exchange(access: Access) -> AsyncIterator[Any]:
    made = access.ccxt(ccxt.async_support.binance)
    yield made
    await made.close()


@pytest.fixture
async def pro(access: Access) -> AsyncIterator[Any]:
    made = access.ccxt(ccxt.pro.binance)
    yield made
    await made.close()


def test_markets_and_precision(sync: Any) -> None:
    markets = sync.load_markets()
    assert {PAIR, "ETH/USDT", "ETH/BTC"} <= set(markets)
    market = markets[PAIR]
    assert (market["spot"], market["active"], market["base"]) == (True, True, "BTC")
    assert market["limits"]["cost"]["min"] > 0
    assert sync.amount_to_precision(PAIR, 0.123456789) == "0.12345"
    assert sync.price_to_precision(PAIR, 43210.987654) == "43210.99"


def test_the_market(sync: Any) -> None:
    ticker = sync.fetch_ticker(PAIR)
    assert 0 < ticker["bid"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert {PAIR, "ETH/USDT"} <= set(sync.fetch_tickers())
    assert len(sync.fetch_order_book(PAIR, 50)["bids"]) >= 20
    candles = sync.fetch_ohlcv(PAIR, "15m", limit=50)
    assert len(candles) == 50
    assert all(later[0] - row[0] == 900_000 for row, later in pairwise(candles))
    assert all(low <= min(opens, closes) for _, opens, _, low, closes, _ in candles)
    assert sync.fetch_trades(PAIR, limit=20)


def test_orders(sync: Any) -> None:
    price = sync.fetch_ticker(PAIR)["last"]
    bought = sync.create_market_buy_order(PAIR, 0.01)
    assert (bought["status"], bought["filled"]) == ("closed", 0.01)
    by_cost = sync.create_market_buy_order_with_cost(PAIR, 500)
    assert 490 < by_cost["cost"] <= 500
    low = sync.price_to_precision(PAIR, price * 0.97)
    resting = sync.create_limit_buy_order(PAIR, 0.01, low, {"clientOrderId": "by-ccxt"})
    assert resting["clientOrderId"] == "by-ccxt"
    assert sync.fetch_open_orders(PAIR)[0]["id"] == resting["id"]
    assert sync.fetch_balance()["USDT"]["used"] == pytest.approx(float(low) * 0.01)
    sync.cancel_order(resting["id"], PAIR)
    assert sync.fetch_order(resting["id"], PAIR)["status"] == "canceled"
    post_only = sync.create_order(PAIR, "limit", "buy", 0.01, low, {"postOnly": True})
    stop = sync.create_order(PAIR, "limit", "sell", 0.01, low, {"triggerPrice": low})
    assert {o["id"] for o in sync.fetch_open_orders(PAIR)} == {post_only["id"], stop["id"]}
    sync.cancel_all_orders(PAIR)
    assert sync.fetch_open_orders(PAIR) == []
    ids = {order["id"] for order in sync.fetch_orders(PAIR)}
    assert {bought["id"], by_cost["id"], resting["id"]} <= ids
    trades = sync.fetch_my_trades(PAIR)
    assert {bought["id"], by_cost["id"]} == {trade["order"] for trade in trades}


def test_errors(access: Access, sync: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds):
        sync.create_limit_buy_order(PAIR, 100, sync.fetch_ticker(PAIR)["bid"])
    with pytest.raises(ccxt.OrderNotFound):
        sync.fetch_order("99999999999", PAIR)
    with pytest.raises(ccxt.BadSymbol):
        sync.fetch_ticker("NO/SUCH")
    with pytest.raises(ccxt.BadRequest, match="Filter failure: NOTIONAL"):
        sync.create_limit_buy_order(PAIR, 0.00001, sync.fetch_ticker(PAIR)["bid"])
    stranger = Access(access.http, "k" * 64, access.secret).ccxt(ccxt.binance)
    with pytest.raises(ccxt.AuthenticationError):
        stranger.fetch_balance()
    slow = access.ccxt(ccxt.binance)
    slow.options["timeDifference"] = 20_000
    with pytest.raises(ccxt.InvalidNonce):
        slow.fetch_balance()


async def test_asynchronously(exchange: Any) -> None:
    await exchange.load_markets()
    tickers = await asyncio.gather(*(exchange.fetch_ticker(p) for p in (PAIR, "ETH/USDT")))
    assert all(ticker["last"] > 0 for ticker in tickers)
    orders = await asyncio.gather(
        *(exchange.create_order("BNB/USDT", "market", "sell", 0.1) for _ in range(5))
    )
    assert {order["status"] for order in orders} == {"closed"}
    held = (await exchange.fetch_balance())["BNB"]["total"]
    assert Decimal(str(held)) == FUNDS["BNB"] - Decimal("0.5")


async def test_watching(pro: Any) -> None:
    await pro.load_markets()
    async with asyncio.timeout(WATCH_S):
        ticker, book, trades, candles = await asyncio.gather(
            pro.watch_ticker(PAIR),
            pro.watch_order_book(PAIR),
            pro.watch_trades(PAIR),
            pro.watch_ohlcv(PAIR, "1m"),
        )
    assert ticker["symbol"] == PAIR
    assert book["bids"][0][0] < book["asks"][0][0]
    assert trades[0]["price"] > 0
    assert candles[0][5] >= 0
    watching = asyncio.create_task(pro.watch_orders(PAIR))
    async with asyncio.timeout(WATCH_S):
        while not watching.done():
            # The subscription has no event of its own; the first order that it sees will do.
            placed = await pro.create_order(PAIR, "market", "buy", 0.001)
            await asyncio.wait([watching], timeout=0.3)
    assert watching.result()[-1]["symbol"] == PAIR
    assert placed["status"] == "closed"
