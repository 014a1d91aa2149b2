"""The REST API to the letter: signatures, time, parameters, headers, answer forms."""

import asyncio
import time
from typing import Any

import pytest

from tests.sandbox.exchange.harness import Desk, Trader

MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.001",
    "price": "40000",
}


@pytest.fixture
async def trader(desk: Desk) -> Trader:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    return await desk.trader()


def now() -> int:
    return int(time.time() * 1000)


async def test_a_signature_in_the_body_in_the_query_and_in_both(trader: Trader) -> None:
    body = "&".join(f"{k}={v}" for k, v in MARKET.items()) + f"&timestamp={now()}"
    signed = f"{body}&signature={trader.sign(body)}"
    assert (await trader.send("POST", "/api/v3/order", signed))[0] == 200
    assert (await trader.send("POST", f"/api/v3/order?{signed}"))[0] == 200
    query, rest = "symbol=BTCUSDT&side=BUY&type=MARKET", f"quantity=0.001&timestamp={now()}"
    mixed = f"{rest}&signature={trader.sign(query + rest).upper()}"
    assert (await trader.send("POST", f"/api/v3/order?{query}", mixed))[0] == 200
    status, found = await trader.send("POST", f"/api/v3/order?{query}&x=1", mixed)
    assert (status, found["code"]) == (400, -1022)


@pytest.mark.parametrize(
    ("key", "status", "code"), [("", 401, -2014), ("short", 401, -2014), ("A" * 64, 401, -2015)]
)
async def test_keys(trader: Trader, key: str, status: int, code: int) -> None:
    trader.key = key
    found = await trader.call("GET", "account")
    assert (found[0], found[1]["code"]) == (status, code)


async def test_a_key_that_may_only_read(desk: Desk) -> None:
    body = {"balances": {"USDT": 1000}, "can_trade": False}
    opened = await desk.post("/sandbox/accounts", body, status=201)
    reader = Trader(desk.http, desk.session, opened)
    assert (await reader.call("GET", "account"))[1]["canTrade"] is False
    status, found = await reader.call("POST", "order", **MARKET)
    assert (status, found["code"]) == (401, -2015)


@pytest.mark.parametrize(
    ("shift_ms", "more", "code"),
    [
        (-5_100, {}, -1021),
        (-900, {"recvWindow": 500}, -1021),
        (-900, {"recvWindow": 5_000}, None),
        (1_500, {}, -1021),
        (0, {"recvWindow": 60_001}, -1131),
        (0, {"recvWindow": "x"}, -1100),
    ],
)
async def test_time(trader: Trader, shift_ms: int, more: dict[str, Any], code: int | None) -> None:
    status, found = await trader.call("GET", "account", timestamp=now() + shift_ms, **more)
    assert found.get("code") == code
    assert status == (200 if code is None else 400)


async def test_missing_timestamp_and_signature(trader: Trader) -> None:
    _, found = await trader.send("GET", f"/api/v3/account?signature={trader.sign('')}")
    assert found == {
        "code": -1102,
        "msg": "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
    }
    _, found = await trader.send("GET", f"/api/v3/account?timestamp={now()}")
    assert found["msg"].startswith("Mandatory parameter 'signature' was not sent")


async def test_a_request_held_up_past_its_window_is_not_executed(
    desk: Desk, trader: Trader
) -> None:
    await desk.fault(kind="delay", delay_ms=400, match={"account_id": trader.account_id})
    status, found = await trader.call("POST", "order", recvWindow=200, **MARKET)
    assert (status, found["code"]) == (400, -1021)
    assert [e["kind"] for e in await desk.ledger(trader)] == ["ACCOUNT"]


WRONG_ORDERS: list[tuple[dict[str, Any], int, str]] = [
    ({"side": None}, -1102, "Mandatory parameter 'side' was not sent"),
    ({"side": "HOLD"}, -1117, "Invalid side."),
    ({"type": "WISH"}, -1116, "Invalid orderType."),
    ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    ({"timeInForce": None}, -1102, "Mandatory parameter 'timeInForce' was not sent"),
    ({"quantity": "-1"}, -1100, "Illegal characters found in parameter 'quantity'"),
    ({"quantity": "0"}, -1013, "Invalid quantity."),
    ({"quantity": "0.000000001"}, -1111, "Parameter 'quantity' has too much precision."),
    ({"quantity": "0.0000123"}, -1013, "Filter failure: LOT_SIZE"),
    ({"price": "40000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"price": "1"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ({"price": "40000", "quantity": "0.0001"}, -1013, "Filter failure: NOTIONAL"),
    ({"price": ""}, -1105, "Parameter 'price' was empty."),
    ({"symbol": "btcusdt"}, -1100, "Illegal characters found in parameter 'symbol'"),
    ({"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ({"stopPrice": "1"}, -1106, "Parameter 'stopPrice' sent when not required."),
    ({"quoteOrderQty": "10"}, -1106, "Parameter 'quoteOrderQty' sent when not required."),
    ({"colour": "red"}, -1104, "Not all sent parameters were read; read '8' parameter(s) but was"),
    ({"newClientOrderId": "a b"}, -1100, "Illegal characters found in parameter 'newClientOrd"),
    ({"newOrderRespType": "LOUD"}, -1130, "Data sent for parameter 'newOrderRespType'"),
    ({"icebergQty": "0.0001"}, -1013, "Iceberg orders are not supported"),
    ({"strategyType": "5"}, -1134, "'strategyType' was less than 1000000."),
    ({"type": "MARKET"}, -1106, "Parameter 'timeInForce' sent when not required."),
    ({"type": "STOP_LOSS_LIMIT"}, -1102, "Mandatory parameter 'stopPrice' was not sent"),
]


@pytest.mark.parametrize(
    ("change", "code", "msg"), WRONG_ORDERS, ids=[f"{c}{m[:24]}" for c, _, m in WRONG_ORDERS]
)
async def test_wrong_orders(trader: Trader, change: dict[str, Any], code: int, msg: str) -> None:
    params = {k: v for k, v in (LIMIT | change).items() if v is not None}
    for path in ("order", "order/test"):
        status, found = await trader.call("POST", path, **params)
        assert (status, found["code"]) == (400, code)
        assert found["msg"].startswith(msg)


async def test_duplicate_and_superfluous_parameters(trader: Trader) -> None:
    query = f"symbol=BTCUSDT&symbol=BTCUSDT&timestamp={now()}"
    target = f"/api/v3/openOrders?{query}&signature={trader.sign(query)}"
    assert (await trader.send("GET", target))[1]["code"] == -1101
    assert (await trader.send("GET", "/api/v3/ping?x=1"))[1] == {
        "code": -1101,
        "msg": "Too many parameters; expected '0' and received '1'.",
    }
    assert (await trader.send("GET", "/api/v3/depth?symbol=BTCUSDT&x=1"))[1]["code"] == -1104
    assert (await trader.send("GET", "/api/v3/depth"))[1]["code"] == -1102
    assert (await trader.send("GET", "/api/v3/klines?symbol=BTCUSDT&interval=7m"))[1][
        "code"
    ] == -1120


async def test_neither_id_sent(trader: Trader) -> None:
    for method in ("GET", "DELETE"):
        _, found = await trader.call(method, "order", symbol="BTCUSDT")
        assert found["code"] == -1102
        assert found["msg"] == (
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )


async def test_answer_forms(trader: Trader) -> None:
    ack = await trader.order(newOrderRespType="ACK", **MARKET)
    assert list(ack) == ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"]
    result = await trader.order(newOrderRespType="RESULT", **MARKET)
    assert result["status"] == "FILLED"
    assert "fills" not in result
    full = await trader.order(**MARKET)
    assert full["fills"][0]["commissionAsset"] == "BTC"
    stop = await trader.order(
        symbol="BTCUSDT", side="SELL", type="STOP_LOSS", quantity="0.01", stopPrice="45000"
    )
    assert "status" not in stop
    assert (await trader.call("POST", "order/test", **LIMIT))[1] == {}
    rates = await trader.call("POST", "order/test", computeCommissionRates="true", **LIMIT)
    assert rates[1]["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}


async def test_a_client_order_id_may_come_back_once_its_order_left_the_book(
    trader: Trader,
) -> None:
    first = await trader.order(newClientOrderId="again", **LIMIT)
    status, found = await trader.call("POST", "order", newClientOrderId="again", **LIMIT)
    assert (status, found) == (400, {"code": -2010, "msg": "Duplicate order sent."})
    await trader.call("DELETE", "order", symbol="BTCUSDT", origClientOrderId="again")
    second = await trader.order(newClientOrderId="again", **LIMIT)
    assert second["orderId"] != first["orderId"]
    _, seen = await trader.call("GET", "order", symbol="BTCUSDT", origClientOrderId="again")
    assert seen["orderId"] == second["orderId"]


async def test_nobody_sees_anothers_orders(desk: Desk, trader: Trader) -> None:
    mine = await trader.order(**LIMIT)
    other = await desk.trader()
    for method in ("GET", "DELETE"):
        status, found = await other.call(method, "order", symbol="BTCUSDT", orderId=mine["orderId"])
        assert (status, found["code"]) == (400, -2013 if method == "GET" else -2011)
    wrong = await trader.call("GET", "order", symbol="ETHUSDT", orderId=mine["orderId"])
    assert wrong[1]["code"] == -2013


async def test_cancel_restrictions_and_cancel_all(trader: Trader) -> None:
    placed = await trader.order(**LIMIT)
    names = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
    _, found = await trader.call(
        "DELETE", "order", cancelRestrictions="ONLY_PARTIALLY_FILLED", **names
    )
    assert found["msg"] == "Order was not canceled due to cancel restrictions."
    await trader.order(**LIMIT)
    _, gone = await trader.call("DELETE", "openOrders", symbol="BTCUSDT")
    assert [row["status"] for row in gone] == ["CANCELED", "CANCELED"]
    assert (await trader.call("DELETE", "openOrders", symbol="BTCUSDT"))[1]["code"] == -2011


async def test_histories_are_paged(trader: Trader) -> None:
    ids = [(await trader.order(**LIMIT))["orderId"] for _ in range(4)]
    _, newest = await trader.call("GET", "allOrders", symbol="BTCUSDT", limit=2)
    assert [o["orderId"] for o in newest] == ids[2:]
    _, first = await trader.call("GET", "allOrders", symbol="BTCUSDT", orderId=ids[1], limit=2)
    assert [o["orderId"] for o in first] == ids[1:3]


async def test_simultaneous_orders_share_the_disk(trader: Trader) -> None:
    placed = await asyncio.gather(*(trader.order(**MARKET) for _ in range(30)))
    assert len({o["orderId"] for o in placed}) == 30
    trades = [f["tradeId"] for o in placed for f in o["fills"]]
    assert len(set(trades)) == len(trades)
