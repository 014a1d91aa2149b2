"""python-binance against the exchange, changed in nothing but its addresses."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from binance import AsyncClient
from binance.exceptions import BinanceAPIException

from tests.sandbox.exchange.harness import Desk, Trader, binance_client, socket_manager

SYMBOL = "BTCUSDT"
BIDS = [("49990", "1"), ("49980", "2")]
ASKS = [("50000", "1"), ("50010", "2")]


@pytest.fixture
async def trader(desk: Desk) -> Trader:
    await desk.set_book(BIDS, ASKS)
    return await desk.trader(USDT=200_000, BTC=3)


@pytest.fixture
async def client(desk: Desk, trader: Trader) -> AsyncIterator[AsyncClient]:
    found = binance_client(desk.process, trader)
    yield found
    await found.close_connection()


async def test_market_data(client: AsyncClient) -> None:
    assert await client.ping() == {}
    info = await client.get_symbol_info(SYMBOL)
    filters = {row["filterType"]: row for row in info["filters"]}
    assert filters["LOT_SIZE"]["stepSize"] == "0.00001000"
    assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
    assert len((await client.get_exchange_info())["symbols"]) >= 10
    book = await client.get_order_book(symbol=SYMBOL, limit=5)
    assert book["bids"] == [["49990.00000000", "1.00000000"], ["49980.00000000", "2.00000000"]]
    ticker = await client.get_orderbook_ticker(symbol=SYMBOL)
    assert (ticker["bidPrice"], ticker["askPrice"]) == ("49990.00000000", "50000.00000000")
    assert (await client.get_symbol_ticker(symbol=SYMBOL))["price"] == "50000.00000000"
    assert (await client.get_avg_price(symbol=SYMBOL))["mins"] == 5
    assert (await client.get_ticker(symbol=SYMBOL))["symbol"] == SYMBOL
    assert len(await client.get_all_tickers()) >= 10
    assert (await client.get_recent_trades(symbol=SYMBOL))[-1]["price"] == "50000.00000000"
    assert (await client.get_aggregate_trades(symbol=SYMBOL))[-1]["p"] == "50000.00000000"
    candles = await client.get_klines(symbol=SYMBOL, interval="1m", limit=1000)
    assert len(candles) == 1000
    assert all(b[0] - a[0] == 60_000 for a, b in pairwise(candles))


async def test_a_market_order_walks_the_book(client: AsyncClient) -> None:
    found = await client.create_order(
        symbol=SYMBOL, side="BUY", type="MARKET", quantity="1.5", newClientOrderId="walks"
    )
    assert found["status"] == "FILLED"
    assert [(f["price"], f["qty"]) for f in found["fills"]] == [
        ("50000.00000000", "1.00000000"),
        ("50010.00000000", "0.50000000"),
    ]
    assert found["cummulativeQuoteQty"] == "75005.00000000"
    assert [f["commission"] for f in found["fills"]] == ["0.00100000", "0.00050000"]
    trades = await client.get_my_trades(symbol=SYMBOL)
    assert [t["id"] for t in trades] == [f["tradeId"] for f in found["fills"]]
    balance = await client.get_asset_balance("BTC")
    assert Decimal(balance["free"]) == Decimal("4.4985")


async def test_quote_quantity(client: AsyncClient) -> None:
    found = await client.order_market_buy(symbol=SYMBOL, quoteOrderQty="1000")
    assert found["executedQty"] == "0.02000000"
    assert found["origQuoteOrderQty"] == "1000.00000000"
    assert found["status"] == "FILLED"


async def test_a_limit_order_rests_fills_in_part_and_is_canceled(
    client: AsyncClient, desk: Desk
) -> None:
    placed = await client.order_limit_buy(symbol=SYMBOL, quantity="1", price="49995")
    assert (placed["status"], placed["fills"]) == ("NEW", [])
    trade = {"side": "SELL", "quantity": "0.25", "price": "49995"}
    await desk.market(symbol=SYMBOL, trade=trade)
    seen = await client.get_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert (seen["status"], seen["executedQty"]) == ("PARTIALLY_FILLED", "0.25000000")
    assert [o["orderId"] for o in await client.get_open_orders(symbol=SYMBOL)] == [
        placed["orderId"]
    ]
    gone = await client.cancel_order(symbol=SYMBOL, origClientOrderId=placed["clientOrderId"])
    assert (gone["status"], gone["origClientOrderId"]) == ("CANCELED", placed["clientOrderId"])
    assert await client.get_open_orders(symbol=SYMBOL) == []
    with pytest.raises(BinanceAPIException) as raised:
        await client.cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert (raised.value.code, raised.value.status_code) == (-2011, 400)
    assert raised.value.message == "Unknown order sent."


async def test_errors(client: AsyncClient) -> None:
    order: dict[str, Any] = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    for more, code in (
        ({"quantity": "100", "price": "40000"}, -2010),
        ({"quantity": "0.000001", "price": "40000"}, -1013),
        ({"quantity": "1", "price": "40000.001"}, -1013),
        ({"quantity": "1", "price": "40000.0000000001"}, -1111),
        ({"quantity": "1"}, -1102),
        ({"quantity": "1", "price": "1", "symbol": "NOSUCH"}, -1121),
    ):
        with pytest.raises(BinanceAPIException) as raised:
            await client.create_order(**(order | more))
        assert raised.value.code == code, more
    with pytest.raises(BinanceAPIException) as raised:
        await client.get_order(symbol=SYMBOL, orderId=10**12)
    assert raised.value.code == -2013


async def test_oco_and_cancel_replace(client: AsyncClient, desk: Desk) -> None:
    pair = await client.create_oco_order(
        symbol=SYMBOL,
        side="SELL",
        quantity="1",
        aboveType="LIMIT_MAKER",
        abovePrice="51000",
        belowType="STOP_LOSS_LIMIT",
        belowStopPrice="49000",
        belowPrice="48000",
        belowTimeInForce="GTC",
    )
    assert pair["contingencyType"] == "OCO"
    assert {r["type"] for r in pair["orderReports"]} == {"LIMIT_MAKER", "STOP_LOSS_LIMIT"}
    assert Decimal((await client.get_asset_balance("BTC"))["locked"]) == 1
    trade = {"side": "BUY", "quantity": "5", "price": "51000"}
    await desk.market(symbol=SYMBOL, trade=trade)
    statuses = {
        r["type"]: (await client.get_order(symbol=SYMBOL, orderId=r["orderId"]))["status"]
        for r in pair["orderReports"]
    }
    assert statuses == {"LIMIT_MAKER": "FILLED", "STOP_LOSS_LIMIT": "EXPIRED"}
    resting = await client.order_limit_buy(symbol=SYMBOL, quantity="0.1", price="40000")
    replaced = await client.cancel_replace_order(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.2",
        price="41000",
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=resting["orderId"],
    )
    assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    with pytest.raises(BinanceAPIException) as raised:
        await client.cancel_replace_order(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.2",
            price="41000",
            cancelReplaceMode="ALLOW_FAILURE",
            cancelOrderId=resting["orderId"],
        )
    assert (raised.value.code, raised.value.status_code) == (-2021, 409)


async def test_user_data(client: AsyncClient, desk: Desk, trader: Trader) -> None:
    async with socket_manager(client, desk.process).user_socket() as events:
        placed = await client.order_limit_buy(symbol=SYMBOL, quantity="1", price="50000")
        seen = [await asyncio.wait_for(events.recv(), 5) for _ in range(3)]
        await desk.post(
            f"/sandbox/accounts/{trader.account_id}/deposit", {"asset": "BNB", "quantity": 2.5}
        )
        seen += [await asyncio.wait_for(events.recv(), 5) for _ in range(2)]
    assert [(e["e"], e.get("x"), e.get("X")) for e in seen] == [
        ("executionReport", "NEW", "NEW"),
        ("executionReport", "TRADE", "FILLED"),
        ("outboundAccountPosition", None, None),
        ("balanceUpdate", None, None),
        ("outboundAccountPosition", None, None),
    ]
    assert seen[1]["i"] == placed["orderId"]
    assert (seen[1]["L"], seen[1]["n"], seen[1]["N"]) == ("50000.00000000", "0.00100000", "BTC")
    assert seen[2]["B"][1] == {"a": "USDT", "f": "150000.00000000", "l": "0.00000000"}
    assert (seen[3]["a"], seen[3]["d"]) == ("BNB", "2.50000000")


async def test_the_websocket_api(client: AsyncClient) -> None:
    placed = await client.ws_create_order(
        symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.1", price="40000"
    )
    assert placed["status"] == "NEW"
    seen = await client.ws_get_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert seen["status"] == "NEW"
    gone = await client.ws_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert gone["status"] == "CANCELED"
    with pytest.raises(BinanceAPIException) as raised:
        await client.ws_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert raised.value.code == -2011
    assert (await client.ws_get_account())["accountType"] == "SPOT"
    await client.ws_api.close()


async def test_listen_keys_are_gone(client: AsyncClient) -> None:
    with pytest.raises(BinanceAPIException) as raised:
        await client.stream_get_listen_key()
    assert raised.value.status_code == 410


async def test_market_streams(client: AsyncClient, desk: Desk) -> None:
    wanted = {
        "btcusdt@trade",
        "btcusdt@aggTrade",
        "btcusdt@bookTicker",
        "btcusdt@ticker",
        "btcusdt@miniTicker",
        "btcusdt@kline_1m",
        "btcusdt@depth@100ms",
        "btcusdt@depth5",
        "btcusdt@avgPrice",
        "!ticker@arr",
    }
    seen: dict[str, Any] = {}
    async with socket_manager(client, desk.process).multiplex_socket(sorted(wanted)) as stream:
        trade = {"side": "BUY", "quantity": "0.5"}
        await desk.market(symbol=SYMBOL, trade=trade)
        while set(seen) != wanted:
            event = await asyncio.wait_for(stream.recv(), 5)
            seen.setdefault(event["stream"], event["data"])
    assert (seen["btcusdt@trade"]["p"], seen["btcusdt@trade"]["q"]) == (
        "50000.00000000",
        "0.50000000",
    )
    assert seen["btcusdt@trade"]["m"] is False
    assert seen["btcusdt@bookTicker"]["A"] == "0.50000000"
    assert seen["btcusdt@kline_1m"]["k"]["i"] == "1m"
    assert seen["btcusdt@depth@100ms"]["a"] == [["50000.00000000", "0.50000000"]]
    assert seen["btcusdt@depth5"]["bids"][0] == ["49990.00000000", "1.00000000"]
    assert len(seen["!ticker@arr"]) >= 10
