"""The two places where a trade is announced: the user's WebSocket and RabbitMQ."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
from aio_pika.abc import AbstractQueue
from websockets.asyncio.client import ClientConnection, connect

EXCHANGE = "botcore.events"
PRIVATE_CHANNELS = ("orders", "positions", "account")
WAIT_S = 10.0

Frame = dict[str, Any]


class Silence(Exception):  # noqa: N818 - it names what was heard
    """What was waited for did not come."""


class PrivateFeed:
    """An authenticated WebSocket, subscribed to the user's private channels."""

    def __init__(self, connection: ClientConnection) -> None:
        """Take an open connection; `open_feed` makes one."""
        self._connection = connection
        self.seen: list[Frame] = []

    async def authenticate(self, token: str) -> None:
        """Sign in and subscribe."""
        await self._send({"type": "auth", "token": token})
        await self.wait_for("authenticated")
        await self._send({"type": "subscribe", "channels": list(PRIVATE_CHANNELS)})
        await self.wait_for("subscribed")

    async def wait_for(self, frame_type: str, trade_id: str | None = None) -> Frame:
        """Return the next frame of a type (of one trade, if given).

        Raises:
            Silence: it did not come in time, or an error came instead.
        """
        async with _patience(f"the WebSocket sent no {frame_type}"):
            while True:
                frame: Frame = json.loads(await self._connection.recv())
                self.seen.append(frame)
                if frame["type"] == "error":
                    raise Silence(f"the WebSocket answered {frame['data']}")
                if frame["type"] == frame_type and _is_of(frame["data"], trade_id):
                    return frame

    async def _send(self, message: Frame) -> None:
        await self._connection.send(json.dumps(message))


class EventTap:
    """A private queue bound to the events' exchange before the order is placed."""

    def __init__(self, queue: AbstractQueue) -> None:
        """Take a bound queue; `open_tap` makes one."""
        self._queue = queue

    async def wait_for(self, trade_id: str) -> Frame:
        """Return the envelope of the next event of a trade.

        Raises:
            Silence: none came in time.
        """
        async with _patience("RabbitMQ delivered no event"), self._queue.iterator() as messages:
            async for message in messages:
                async with message.process():
                    envelope: Frame = json.loads(message.body)
                if _is_of(envelope["data"], trade_id):
                    return envelope
        raise Silence("RabbitMQ closed the queue")


@asynccontextmanager
async def open_feed(url: str) -> AsyncIterator[PrivateFeed]:
    """Open the WebSocket."""
    async with connect(url) as connection:
        yield PrivateFeed(connection)


@asynccontextmanager
async def open_tap(url: str, routing_key: str) -> AsyncIterator[EventTap]:
    """Bind a queue that goes away with this connection."""
    async with await aio_pika.connect(url, timeout=WAIT_S) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EXCHANGE, routing_key)
        yield EventTap(queue)


@asynccontextmanager
async def _patience(complaint: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(WAIT_S):
            yield
    except TimeoutError:
        raise Silence(f"{complaint} in {WAIT_S:g} s") from None


def _is_of(content: Frame, trade_id: str | None) -> bool:
    return trade_id is None or trade_id in (content.get("trade_id"), content.get("order_id"))
