"""Scripts for Binance, written with python-binance from Binance's documentation."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from binance import AsyncClient, Client
from binance.exceptions import BinanceAPIException

from tests.contract.conftest import FUNDS, Access

SYMBOL = "BTCUSDT"
EVENT_WAIT_S = 15


@pytest.fixture
def client(access: Access) -> Iterator[Client]:
    made = access.sync_client()
    yield made
    made.close_connection()


@pytest.fixture
async def async_client(access: Access) -> AsyncIterator[AsyncClient]:
    made = access.async_client()
    yield made
    await made.close_connection()


def _near(client: Client, factor: str, symbol: str = SYMBOL) -> str:
    """Return a price so far from the last one, in ticks, as everybody rounds it."""
    last = Decimal(client.get_symbol_ticker(symbol=symbol)["price"])
    filters = client.get_symbol_info(symbol)["filters"]
    tick = next(f["tickSize"] for f in filters if f["filterType"] == "PRICE_FILTER")
    return str((last * Decimal(factor)).quantize(Decimal(tick).normalize(), ROUND_DOWN))


def test_a_bot_reads_the_market(client: Client) -> None:
    assert client.ping() == {}
    assert abs(client.get_server_time()["serverTime"] - time.time() * 1000) < 5_000
    info = client.get_exchange_info()
    assert info["timezone"] == "UTC"
    assert {limit["rateLimitType"] for limit in info["rateLimits"]} >= {"REQUEST_WEIGHT", "ORDERS"}
    symbol = next(s for s in info["symbols"] if s["symbol"] == SYMBOL)
    assert (symbol["status"], symbol["baseAsset"], symbol["quoteAsset"]) == (
        "TRADING",
        "BTC",
        "USDT",
    )
    assert {"LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT"} <= set(symbol["orderTypes"])
    book = client.get_order_book(symbol=SYMBOL, limit=20)
    bids, asks = ([Decimal(level[0]) for level in book[side]] for side in ("bids", "asks"))
    assert len(bids) == len(asks) == 20
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    candles = client.get_historical_klines(SYMBOL, Client.KLINE_INTERVAL_5MINUTE, "1 hour ago UTC")
    assert 11 <= len(candles) <= 13
    assert all(len(row) == 12 for row in candles)
    assert all(Decimal(row[3]) <= Decimal(row[1]) <= Decimal(row[2]) for row in candles)
    window = client.get_klines(
        symbol=SYMBOL, interval="1m", startTime=candles[0][0], endTime=candles[0][6]
    )
    assert window[0][0] == candles[0][0]
    assert len(window) == 5
    assert Decimal(candles[0][4]) == Decimal(window[-1][4])
    tickers = client.get_ticker()
    assert {"priceChangePercent", "weightedAvgPrice", "openTime", "count"} <= set(tickers[0])
    assert len(client.get_orderbook_tickers()) == len(tickers)


def test_every_order_type(client: Client) -> None:
    below, above = _near(client, "0.97"), _near(client, "1.03")
    common: dict[str, Any] = {"symbol": SYMBOL, "quantity": "0.01"}
    gtc = {"timeInForce": "GTC"}
    orders: list[dict[str, Any]] = [
        {"side": "BUY", "type": "LIMIT", "price": below, **gtc},
        {"side": "BUY", "type": "LIMIT_MAKER", "price": below},
        {"side": "SELL", "type": "STOP_LOSS", "stopPrice": below},
        {"side": "SELL", "type": "STOP_LOSS_LIMIT", "stopPrice": below, "price": below, **gtc},
        {"side": "SELL", "type": "TAKE_PROFIT", "stopPrice": above},
        {"side": "SELL", "type": "TAKE_PROFIT_LIMIT", "stopPrice": above, "price": above, **gtc},
    ]
    placed = []
    for order in orders:
        assert client.create_test_order(**common, **order) == {}
        placed.append(client.create_order(**common, **order))
    resting = {order["orderId"] for order in client.get_open_orders(symbol=SYMBOL)}
    assert resting == {order["orderId"] for order in placed}
    for asked, order in zip(orders, placed, strict=True):
        seen = client.get_order(symbol=SYMBOL, orderId=order["orderId"])
        assert (seen["status"], seen["isWorking"]) == ("NEW", "stopPrice" not in asked)
        gone = client.cancel_order(symbol=SYMBOL, orderId=order["orderId"])
        assert gone["status"] == "CANCELED"
        assert gone["origClientOrderId"] == order["clientOrderId"]
    assert client.get_open_orders(symbol=SYMBOL) == []
    assert [o["status"] for o in client.get_all_orders(symbol=SYMBOL)] == ["CANCELED"] * 6
    balances = {row["asset"]: row for row in client.get_account()["balances"]}
    for asset, funds in FUNDS.items():
        assert Decimal(balances[asset]["free"]) == funds
        assert Decimal(balances[asset]["locked"]) == 0


def test_times_in_force(client: Client) -> None:
    low, high = _near(client, "0.97"), _near(client, "1.03")
    buy = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "quantity": "0.001"}
    for in_force in ("IOC", "FOK"):
        taken = client.create_order(**buy, timeInForce=in_force, price=high)
        assert (taken["status"], taken["executedQty"]) == ("FILLED", "0.00100000")
        missed = client.create_order(**buy, timeInForce=in_force, price=low)
        assert (missed["status"], missed["executedQty"]) == ("EXPIRED", "0.00000000")
    with pytest.raises(BinanceAPIException) as crossing:
        client.create_order(
            symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity="0.001", price=high
        )
    assert crossing.value.code == -2010
    assert crossing.value.message == "Order would immediately match and take."


def test_balances_follow_fills(client: Client) -> None:
    bought = client.order_market_buy(symbol="ETHUSDT", quoteOrderQty="1000")
    assert bought["status"] == "FILLED"
    spent = Decimal(bought["cummulativeQuoteQty"])
    assert 990 < spent <= 1000
    quantity = Decimal(bought["executedQty"])
    fees = sum((Decimal(fill["commission"]) for fill in bought["fills"]), Decimal(0))
    assert {fill["commissionAsset"] for fill in bought["fills"]} == {"ETH"}
    assert Decimal(client.get_asset_balance("USDT")["free"]) == FUNDS["USDT"] - spent
    assert Decimal(client.get_asset_balance("ETH")["free"]) == FUNDS["ETH"] + quantity - fees
    trades = client.get_my_trades(symbol="ETHUSDT", orderId=bought["orderId"])
    assert sum(Decimal(trade["quoteQty"]) for trade in trades) == spent
    assert all(trade["isBuyer"] and not trade["isMaker"] for trade in trades)
    cross = client.order_market_buy(symbol="ETHBTC", quantity="0.1")
    assert cross["status"] == "FILLED"


def test_response_types(client: Client) -> None:
    order = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    ack = client.create_order(**order, newOrderRespType="ACK")
    assert set(ack) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
    result = client.create_order(**order, newOrderRespType="RESULT")
    assert result["status"] == "FILLED"
    assert "fills" not in result
    full = client.create_order(**order, newOrderRespType="FULL", newClientOrderId="mine-1")
    assert full["fills"]
    assert full["clientOrderId"] == "mine-1"
    # The id is free again once its order has left the book.
    assert client.create_order(**order, newClientOrderId="mine-1")["orderId"] > full["orderId"]


def test_oco_and_cancel_replace(client: Client) -> None:
    oco = client.create_oco_order(
        symbol=SYMBOL,
        side="SELL",
        quantity="0.01",
        aboveType="LIMIT_MAKER",
        abovePrice=_near(client, "1.03"),
        belowType="STOP_LOSS",
        belowStopPrice=_near(client, "0.97"),
    )
    assert oco["listOrderStatus"] == "EXECUTING"
    assert len(client.get_open_orders(symbol=SYMBOL)) == 2
    one = oco["orders"][0]["orderId"]
    client.cancel_order(symbol=SYMBOL, orderId=one)
    assert client.get_open_orders(symbol=SYMBOL) == []
    resting = client.order_limit_buy(symbol=SYMBOL, quantity="0.01", price=_near(client, "0.97"))
    replaced = client.cancel_replace_order(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.02",
        price=_near(client, "0.96"),
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrigClientOrderId=resting["clientOrderId"],
    )
    assert replaced["cancelResponse"]["orderId"] == resting["orderId"]
    assert replaced["newOrderResponse"]["status"] == "NEW"


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"symbol": "NOSUCH"}, 400, -1121),
        ({"quantity": "0.000001"}, 400, -1013),
        ({"quantity": "0.0010000001"}, 400, -1111),
        ({"quantity": "-1"}, 400, -1100),
        ({"quantity": "0"}, 400, -1013),
        ({"price": "1"}, 400, -1013),
        ({"side": "UP"}, 400, -1117),
        ({"type": "SOMEHOW"}, 400, -1116),
        ({"timeInForce": "GTX"}, 400, -1115),
        ({"quantity": "50"}, 400, -2010),
        ({"stopPrice": "40000"}, 400, -1106),
        ({"newClientOrderId": "x" * 37}, 400, -1100),
        ({"surprise": "1"}, 400, -1104),
    ],
    ids=str,
)
def test_errors(client: Client, more: dict[str, str], status: int, code: int) -> None:
    order = {
        "symbol": SYMBOL,
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.001",
        "price": _near(client, "0.97"),
    }
    with pytest.raises(BinanceAPIException) as refused:
        client.create_order(**(order | more))
    assert (refused.value.status_code, refused.value.code) == (status, code), refused.value.message


def test_errors_of_keys_and_clocks(access: Access) -> None:
    wrong = access.sync_client()
    wrong.API_SECRET = "x" * 64
    # The library's own receive window is ten seconds.
    late = access.sync_client()
    late.timestamp_offset = -20_000
    early = access.sync_client()
    early.timestamp_offset = 20_000
    unknown = access.sync_client()
    unknown.session.headers["X-MBX-APIKEY"] = "y" * 64
    for client, code in ((wrong, -1022), (late, -1021), (early, -1021), (unknown, -2015)):
        with pytest.raises(BinanceAPIException) as refused:
            client.get_account()
        assert refused.value.code == code
        client.close_connection()


async def test_user_data_and_streams(access: Access, async_client: AsyncClient) -> None:
    sockets = access.sockets(async_client)
    price = Decimal((await async_client.get_symbol_ticker(symbol=SYMBOL))["price"])
    resting = str((price * Decimal("0.97")).quantize(Decimal("0.01")))
    async with sockets.user_socket() as user:
        placed = await async_client.order_limit_buy(symbol=SYMBOL, quantity="0.01", price=resting)
        await async_client.cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
        await async_client.order_market_sell(symbol=SYMBOL, quantity="0.01")
        seen: list[tuple[str, str | None]] = []
        while ("executionReport", "FILLED") not in seen:
            event = await asyncio.wait_for(user.recv(), EVENT_WAIT_S)
            seen.append((event["e"], event.get("X")))
    reports = [status for kind, status in seen if kind == "executionReport"]
    assert reports[:3] == ["NEW", "CANCELED", "NEW"]
    assert set(reports[3:]) <= {"PARTIALLY_FILLED", "FILLED"}
    assert ("outboundAccountPosition", None) in seen


@pytest.mark.parametrize("make", ["trade_socket", "symbol_ticker_socket", "kline_socket"])
async def test_market_sockets(access: Access, async_client: AsyncClient, make: str) -> None:
    kinds = {"trade_socket": "trade", "symbol_ticker_socket": "24hrTicker", "kline_socket": "kline"}
    async with getattr(access.sockets(async_client), make)(SYMBOL) as stream:
        event = await asyncio.wait_for(stream.recv(), EVENT_WAIT_S)
    assert (event["e"], event["s"]) == (kinds[make], SYMBOL)


async def test_the_websocket_api(async_client: AsyncClient) -> None:
    order = await async_client.ws_create_order(
        symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.001"
    )
    assert order["status"] == "FILLED"
    account = await async_client.ws_get_account()
    held = {row["asset"]: Decimal(row["free"]) for row in account["balances"]}
    assert held["BTC"] > FUNDS["BTC"]
    with pytest.raises(BinanceAPIException) as refused:
        await async_client.ws_get_order(symbol=SYMBOL, orderId=10**12)
    assert refused.value.code == -2013
    await async_client.ws_api.close()
