"""Market stream connections: single, several, combined, and their control messages."""

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from sandbox.exchange.protocol.streams import is_stream
from tests.sandbox.exchange.harness import Desk

Socket = aiohttp.ClientWebSocketResponse


async def receive(socket: Socket) -> Any:
    message = await asyncio.wait_for(socket.receive(), 5)
    assert message.type is aiohttp.WSMsgType.TEXT, message
    return orjson.loads(message.data)


async def ask(socket: Socket, frame: dict[str, Any]) -> Any:
    await socket.send_json(frame)
    while True:
        found = await receive(socket)
        if "result" in found or "error" in found:
            return found


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("btcusdt@trade", True),
        ("BTCUSDT@trade", False),
        ("btcusdt@kline_1M", True),
        ("btcusdt@kline_7m", False),
        ("btcusdt@depth20@100ms", True),
        ("btcusdt@depth7", False),
        ("nosuch@trade", False),
        ("!miniTicker@arr", True),
        ("btcusdt", False),
    ],
)
def test_names(name: str, known: bool) -> None:  # noqa: FBT001 - a table
    assert is_stream(name) is known


async def test_raw_and_combined(desk: Desk) -> None:
    async with desk.session.ws_connect(f"{desk.process.ws}/ws/btcusdt@bookTicker") as raw:
        assert {"u", "s", "b", "B", "a", "A"} == set(await receive(raw))
    address = f"{desk.process.ws}/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker"
    async with desk.session.ws_connect(address) as combined:
        seen = {(await receive(combined))["stream"] for _ in range(12)}
    assert seen == {"btcusdt@bookTicker", "ethusdt@bookTicker"}


async def test_subscribe_list_unsubscribe(desk: Desk) -> None:
    async with desk.session.ws_connect(f"{desk.process.ws}/ws") as socket:
        names = ["btcusdt@bookTicker", "ethusdt@trade"]
        frame = {"method": "SUBSCRIBE", "params": names, "id": 1}
        assert await ask(socket, frame) == {"result": None, "id": 1}
        listing = {"method": "LIST_SUBSCRIPTIONS", "id": 2}
        assert await ask(socket, listing) == {"result": names, "id": 2}
        frame = {"method": "UNSUBSCRIBE", "params": names[:1], "id": "three"}
        assert await ask(socket, frame) == {"result": None, "id": "three"}
        assert (await ask(socket, listing))["result"] == names[1:]
        assert (await ask(socket, {"method": "GET_PROPERTY", "params": ["combined"], "id": 4}))[
            "result"
        ] is False
        frame = {"method": "SET_PROPERTY", "params": ["combined", True], "id": 5}
        assert (await ask(socket, frame))["result"] is None
        await ask(socket, {"method": "SUBSCRIBE", "params": names[:1], "id": 6})
        assert (await receive(socket))["stream"] in names


async def test_bad_control_messages(desk: Desk) -> None:
    async with desk.session.ws_connect(f"{desk.process.ws}/ws") as socket:
        assert (await ask(socket, {"method": "WISH", "id": 1}))["error"]["code"] == 2
        assert (await ask(socket, {"id": 1}))["error"]["code"] == 2
        frame = {"method": "SUBSCRIBE", "params": ["nosuch@trade"], "id": 1}
        assert (await ask(socket, frame))["error"]["code"] == 2
        await socket.send_str("{")
        assert (await receive(socket))["error"]["code"] == 3


async def test_every_book_ticker_goes_on_changing(desk: Desk) -> None:
    symbols = [s["symbol"] for s in (await desk.get("/api/v3/exchangeInfo"))["symbols"]]
    names = "/".join(f"{symbol.lower()}@bookTicker" for symbol in symbols)
    counts = dict.fromkeys(symbols, 0)
    async with desk.session.ws_connect(f"{desk.process.ws}/stream?streams={names}") as socket:
        # Twice a second, where the machine has time.
        async with asyncio.timeout(9):
            while min(counts.values()) < 6:
                counts[(await receive(socket))["data"]["s"]] += 1
    assert max(counts.values()) < 30, counts


async def test_a_local_book_kept_from_differences_equals_the_venues(desk: Desk) -> None:
    async with desk.session.ws_connect(f"{desk.process.ws}/ws/ethusdt@depth@100ms") as socket:
        first = await receive(socket)
        snapshot = await desk.get("/api/v3/depth?symbol=ETHUSDT&limit=5000")
        book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
        last = snapshot["lastUpdateId"]
        event = first
        for _ in range(25):
            if event["u"] > last:
                assert event["U"] <= last + 1
                for side, short in (("bids", "b"), ("asks", "a")):
                    book[side].update(event[short])
                last = event["u"]
            event = await receive(socket)
        await desk.market(symbol="ETHUSDT", pause=True)
        final = await desk.get("/api/v3/depth?symbol=ETHUSDT&limit=5000")
        while last < final["lastUpdateId"]:
            for side, short in (("bids", "b"), ("asks", "a")):
                book[side].update(event[short])
            last = event["u"]
            if last < final["lastUpdateId"]:
                event = await receive(socket)
    for side in ("bids", "asks"):
        kept = {p: q for p, q in book[side].items() if float(q)}
        assert kept == dict(final[side])
        assert len(kept) >= 20


async def test_a_shutdown_is_announced_and_the_connection_stays(desk: Desk) -> None:
    async with desk.session.ws_connect(f"{desk.process.ws}/ws/btcusdt@kline_1M") as socket:
        await desk.fault(kind="announce_shutdown", target="market")
        while (told := await receive(socket))["e"] != "serverShutdown":
            pass
        assert set(told) == {"e", "E"}
        assert (await ask(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 2}))["id"] == 2
