"""The WebSocket API: frames, security, and user-data subscriptions."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

from tests.sandbox.exchange.harness import Desk, Trader

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.001",
    "price": "40000",
}


class Line:
    """One connection; answers are told from events by their id."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        frame_id = next(self._ids)
        await self._socket.send_json({"id": frame_id, "method": method, "params": params or {}})
        return await self.answer(frame_id)

    async def answer(self, frame_id: Any) -> dict[str, Any]:
        while True:
            message = await asyncio.wait_for(self._socket.receive(), 5)
            assert message.type is aiohttp.WSMsgType.TEXT, message
            found: dict[str, Any] = orjson.loads(message.data)
            if "event" not in found:
                assert found["id"] == frame_id
                return found
            self.events.append(found)

    async def next_event(self) -> dict[str, Any]:
        while not self.events:
            message = await asyncio.wait_for(self._socket.receive(), 5)
            self.events.append(orjson.loads(message.data))
        return self.events.pop(0)

    async def send(self, raw: str) -> dict[str, Any]:
        await self._socket.send_str(raw)
        found: dict[str, Any] = orjson.loads((await self._socket.receive()).data)
        return found


def signed(trader: Trader, **params: Any) -> dict[str, Any]:
    full = {"apiKey": trader.key, "timestamp": int(time.time() * 1000)} | params
    payload = "&".join(f"{k}={v}" for k, v in sorted(full.items()))
    return full | {"signature": trader.sign(payload)}


@pytest.fixture
async def trader(desk: Desk) -> Trader:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    return await desk.trader()


@pytest.fixture
async def line(desk: Desk) -> AsyncIterator[Line]:
    async with desk.session.ws_connect(f"{desk.process.ws}/ws-api/v3") as socket:
        yield Line(socket)


async def test_public_calls(line: Line) -> None:
    assert (await line.ask("ping"))["result"] == {}
    found = await line.ask("time")
    assert found["status"] == 200
    assert found["rateLimits"][-1]["rateLimitType"] == "REQUEST_WEIGHT"
    assert "rateLimits" not in await line.ask("v3/time", {"returnRateLimits": False})
    info = await line.ask("exchangeInfo", {"symbols": ["BTCUSDT", "ETHUSDT"]})
    assert [s["symbol"] for s in info["result"]["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    assert (
        len(
            (await line.ask("klines", {"symbol": "BTCUSDT", "interval": "5m", "limit": 3}))[
                "result"
            ]
        )
        == 3
    )
    for method in ("depth", "ticker.price", "ticker.book", "ticker.24hr", "avgPrice"):
        assert (await line.ask(method, {"symbol": "BTCUSDT"}))["status"] == 200, method


async def test_orders(line: Line, trader: Trader) -> None:
    placed = await line.ask("order.place", signed(trader, newClientOrderId="w1", **LIMIT))
    assert placed["result"]["status"] == "NEW"
    assert [r["rateLimitType"] for r in placed["rateLimits"]] == [
        "ORDERS",
        "ORDERS",
        "REQUEST_WEIGHT",
    ]
    names = {"symbol": "BTCUSDT", "origClientOrderId": "w1"}
    assert (await line.ask("order.status", signed(trader, **names)))["result"]["status"] == "NEW"
    opened = await line.ask("openOrders.status", signed(trader, symbol="BTCUSDT"))
    assert len(opened["result"]) == 1
    gone = await line.ask("order.cancel", signed(trader, **names))
    assert gone["result"]["status"] == "CANCELED"
    again = await line.ask("order.cancel", signed(trader, **names))
    assert (again["status"], again["error"]) == (400, {"code": -2011, "msg": "Unknown order sent."})


async def test_security(line: Line, trader: Trader) -> None:
    params = signed(trader, **LIMIT)
    assert (await line.ask("order.place", params | {"price": "41000"}))["error"]["code"] == -1022
    del params["apiKey"]
    assert (await line.ask("order.place", params))["error"]["code"] == -1102
    late = signed(trader, timestamp=int(time.time() * 1000) - 9_000, **LIMIT)
    assert (await line.ask("order.place", late))["error"]["code"] == -1021
    logon = await line.ask("session.logon", signed(trader))
    assert logon["error"]["msg"] == "HMAC_SHA256 API key is not supported."
    assert (await line.ask("userDataStream.start", {"apiKey": trader.key}))["status"] == 410


async def test_malformed_frames(line: Line) -> None:
    found = await line.send("no json")
    assert (found["id"], found["error"]["code"]) == (None, -1135)
    assert (await line.send('{"id":"a"}'))["error"]["code"] == -1102
    assert (await line.ask("order.wish"))["error"]["code"] == -1020
    assert (await line.send('{"id":"s-1","method":"ping"}'))["id"] == "s-1"


async def test_several_accounts_on_one_connection(desk: Desk, line: Line, trader: Trader) -> None:
    other = await desk.trader()
    ids = [
        (await line.ask("userDataStream.subscribe.signature", signed(each)))["result"]
        for each in (trader, other)
    ]
    assert ids == [{"subscriptionId": 0}, {"subscriptionId": 1}]
    again = await line.ask("userDataStream.subscribe.signature", signed(trader))
    assert again["status"] == 400
    assert (await line.ask("session.subscriptions"))["result"] == ids
    placed = await other.order(**LIMIT)
    event = await line.next_event()
    assert (event["subscriptionId"], event["event"]["i"]) == (1, placed["orderId"])
    await line.next_event()
    assert (await line.ask("userDataStream.unsubscribe", {"subscriptionId": 1}))["result"] == {}
    ended = await line.next_event()
    assert (ended["subscriptionId"], ended["event"]["e"]) == (1, "eventStreamTerminated")
    await other.order(**LIMIT)
    await trader.order(**LIMIT)
    assert (await line.next_event())["subscriptionId"] == 0


async def test_a_wrong_signature_does_not_subscribe(line: Line, trader: Trader) -> None:
    params = signed(trader) | {"signature": "0" * 64}
    found = await line.ask("userDataStream.subscribe.signature", params)
    assert found["error"]["code"] == -1022
    assert (await line.ask("session.subscriptions"))["result"] == []


async def test_cancel_and_expiry_reports(line: Line, desk: Desk, trader: Trader) -> None:
    await line.ask("userDataStream.subscribe.signature", signed(trader))
    placed = await trader.order(**LIMIT)
    await trader.call(
        "DELETE", "order", symbol="BTCUSDT", orderId=placed["orderId"], newClientOrderId="stop-it"
    )
    await trader.order(**(LIMIT | {"timeInForce": "IOC", "price": "49000"}))
    reports: list[tuple[str, ...]] = []
    while len(reports) < 4:
        event = (await line.next_event())["event"]
        if event["e"] == "executionReport":
            reports.append((event["x"], event["X"], event["c"], event["C"]))
    mine = placed["clientOrderId"]
    assert reports[:2] == [("NEW", "NEW", mine, ""), ("CANCELED", "CANCELED", "stop-it", mine)]
    assert [r[:2] for r in reports[2:]] == [("NEW", "NEW"), ("EXPIRED", "EXPIRED")]
    await desk.market(symbol="BTCUSDT", pause=False)
