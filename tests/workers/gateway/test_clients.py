"""One conversation, as API.md writes it, by clients of other makes than the other tests'."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson
import picows
import pytest

from tests.workers.gateway.conftest import Stage

Say = Callable[[dict[str, Any]], Awaitable[None]]
Hear = Callable[[], Awaitable[dict[str, Any]]]


class Listener(picows.WSListener):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        del transport
        if frame.msg_type is picows.WSMsgType.TEXT:
            self.heard.put_nowait(frame.get_payload_as_bytes())


async def _converse(stage: Stage, say: Say, hear: Hear) -> None:
    async def expect(kind: str) -> dict[str, Any]:
        async with asyncio.timeout(20):
            frame = await hear()
        assert frame["type"] == kind
        return frame

    await stage.tick(1)
    await expect("connected")
    await say({"type": "auth", "token": "ann:600"})
    await expect("authenticated")
    await say({"type": "subscribe", "channels": ["BTCUSDT@ticker", "orders"]})
    told = (await expect("subscribed"))["data"]
    assert told["snapshot"]["BTCUSDT@ticker"]["type"] == "price_update"
    await stage.tick(2)
    assert (await expect("price_update"))["sequence"] == 2
    await stage.order("ann", 1)
    assert (await expect("order_update"))["data"]["order_id"] == "order-1"
    await say({"type": "ping", "id": "a"})
    assert (await expect("pong"))["data"] == {"id": "a"}
    await say({"type": "unsubscribe", "channels": ["orders"]})
    await expect("unsubscribed")
    await say({"type": "subscribe", "channels": ["orders"], "resume_from": 0})
    await expect("subscribed")
    assert (await expect("order_update"))["sequence"] == 1


async def test_picows(stage: Stage) -> None:
    transport, listener = await picows.ws_connect(Listener, f"{stage.url}/ws")
    assert isinstance(listener, Listener)

    async def say(message: dict[str, Any]) -> None:
        transport.send(picows.WSMsgType.TEXT, orjson.dumps(message))

    async def hear() -> dict[str, Any]:
        frame: dict[str, Any] = orjson.loads(await listener.heard.get())
        return frame

    await _converse(stage, say, hear)
    transport.disconnect()
    await transport.wait_disconnected()


@pytest.mark.parametrize("compress", [0, 15], ids=["plain", "offers-compression"])
async def test_aiohttp(stage: Stage, compress: int) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{stage.url}/ws", compress=compress) as socket,
    ):

        async def say(message: dict[str, Any]) -> None:
            await socket.send_str(orjson.dumps(message).decode())

        async def hear() -> dict[str, Any]:
            frame: dict[str, Any] = orjson.loads(await socket.receive_str())
            return frame

        await _converse(stage, say, hear)
