"""ccxt against the exchange, changed in nothing but its addresses."""

import asyncio
import re
from typing import Any

import ccxt
import ccxt.pro
import pytest

from tests.sandbox.exchange.harness import Desk, Trader

PAIR = "BTC/USDT"


def readdressed(exchange: Any, desk: Desk) -> Any:
    """Replace the hosts of every address that ccxt knows."""
    api = exchange.urls["api"]
    for name, address in api.items():
        if isinstance(address, str):
            api[name] = re.sub(r"https://[^/]+", desk.http, address)
    if "ws" in api:
        api["ws"]["spot"] = f"{desk.process.ws}/ws"
        api["ws"]["ws-api"]["spot"] = f"{desk.process.ws}/ws-api/v3"
    return exchange


def keys(trader: Trader) -> dict[str, Any]:
    return {"apiKey": trader.key, "secret": trader.secret, "options": {"defaultType": "spot"}}


@pytest.fixture
async def trader(desk: Desk) -> Trader:
    await desk.set_book([("49990", "1"), ("49980", "2")], [("50000", "1"), ("50010", "2")])
    return await desk.trader(USDT=200_000, BTC=3)


async def test_rest(desk: Desk, trader: Trader) -> None:
    exchange = readdressed(ccxt.binance(keys(trader)), desk)
    await asyncio.to_thread(_trade, exchange)


def _trade(exchange: Any) -> None:
    markets = exchange.load_markets()
    assert len(markets) >= 10
    assert markets[PAIR]["precision"]["amount"] == 0.00001
    assert exchange.fetch_ticker(PAIR)["bid"] == 49990
    assert exchange.fetch_order_book(PAIR)["asks"][0] == [50000, 1]
    assert len(exchange.fetch_ohlcv(PAIR, "1h", limit=100)) == 100
    assert exchange.fetch_trades(PAIR)[-1]["price"] == 50000
    bought = exchange.create_order(PAIR, "market", "buy", 0.5)
    assert (bought["status"], bought["average"], bought["filled"]) == ("closed", 50000, 0.5)
    assert bought["fee"] == {"currency": "BTC", "cost": 0.0005}
    resting = exchange.create_order(PAIR, "limit", "buy", 0.1, 45_000)
    assert exchange.fetch_order(resting["id"], PAIR)["status"] == "open"
    assert [o["id"] for o in exchange.fetch_open_orders(PAIR)] == [resting["id"]]
    edited = exchange.edit_order(resting["id"], PAIR, "limit", "buy", 0.2, 44_000)
    assert exchange.fetch_balance()["USDT"]["used"] == 8_800
    assert exchange.cancel_order(edited["id"], PAIR)["status"] == "canceled"
    stop = exchange.create_order(PAIR, "limit", "sell", 0.1, 47_000, {"stopLossPrice": 48_000})
    assert exchange.fetch_order(stop["id"], PAIR)["stopPrice"] == 48_000
    assert len(exchange.cancel_all_orders(PAIR)) == 1
    assert len(exchange.fetch_my_trades(PAIR)) == 1
    assert len(exchange.fetch_orders(PAIR)) == 4
    with pytest.raises(ccxt.InsufficientFunds):
        exchange.create_order(PAIR, "limit", "buy", 100, 45_000)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order("999999999", PAIR)
    exchange.secret = "x" * 64
    with pytest.raises(ccxt.AuthenticationError):
        exchange.fetch_balance()


async def test_websockets(desk: Desk, trader: Trader) -> None:
    exchange = readdressed(ccxt.pro.binance(keys(trader)), desk)
    try:
        await exchange.load_markets()
        orders = asyncio.create_task(exchange.watch_orders(PAIR))
        book = await asyncio.wait_for(_book(exchange, desk), 10)
        assert book["bids"][0][0] == 49990
        placed = await exchange.create_order_ws(PAIR, "limit", "buy", 0.1, 45_000)
        assert placed["status"] == "open"
        assert (await asyncio.wait_for(orders, 5))[0]["id"] == placed["id"]
        assert (await exchange.cancel_order_ws(placed["id"], PAIR))["status"] == "canceled"
    finally:
        await exchange.close()


async def _book(exchange: Any, desk: Desk) -> Any:
    """The book needs a difference to start from, and a paused market makes none by itself."""
    watching = asyncio.create_task(exchange.watch_order_book(PAIR))
    while not watching.done():
        await desk.market(symbol="BTCUSDT", trade={"side": "BUY", "quantity": "0.001"})
        await asyncio.wait([watching], timeout=0.2)
    return watching.result()
