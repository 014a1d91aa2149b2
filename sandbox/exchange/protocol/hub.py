"""Who listens to what, and the sending to them.

One event is serialised once for all who listen. Every connection has a bounded queue and a task
that writes it; one that does not read is closed and delays nobody.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

_QUEUE: Final = 20_000


class Connection:
    """One WebSocket client.

    Attributes:
        combined: Whether events come wrapped with their stream's name.
        streams: Market streams it listens to, in order of subscription.
        users: Its user-data subscriptions: account by subscription id.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        combined: bool,
    ) -> None:
        self.socket = socket
        self._transport = transport
        self.combined = combined
        self.since_ms = time.time_ns() // 1_000_000
        self.streams: dict[str, None] = {}
        self.users: dict[int, str] = {}
        self.next_subscription = 0
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._writer = asyncio.create_task(self._write())

    def send(self, payload: bytes) -> None:
        """Queue a text frame; a client that has let its queue fill up is dropped."""
        try:
            self._queue.put_nowait(payload)
        except asyncio.QueueFull:
            self._writer.cancel()
            self.drop()

    async def _write(self) -> None:
        while True:
            payload = await self._queue.get()
            try:
                await self.socket.send_frame(payload, WSMsgType.TEXT)
            except ConnectionError:
                return

    def drop(self) -> None:
        """Cut the connection without a word, as a broken network does."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Say goodbye and close."""
        self._writer.cancel()
        await self.socket.close(code=WSCloseCode.GOING_AWAY)

    def stop(self) -> None:
        """Stop writing: the client is gone."""
        self._writer.cancel()


@dataclass(slots=True)
class Hub:
    """All connections and their subscriptions.

    Attributes:
        silent_market: Streams (all when it holds "*") that are kept open but send nothing.
        silent_users: Accounts likewise.
    """

    connections: set[Connection] = field(default_factory=set)
    by_stream: defaultdict[str, set[Connection]] = field(default_factory=lambda: defaultdict(set))
    by_account: defaultdict[str, set[Connection]] = field(default_factory=lambda: defaultdict(set))
    silent_market: set[str] = field(default_factory=set)
    silent_users: set[str] = field(default_factory=set)

    def listens(self, stream: str) -> bool:
        """Whether anybody wants this stream."""
        return bool(self.by_stream.get(stream))

    def wanted(self) -> Iterable[str]:
        """Names of the streams that anybody wants."""
        return [name for name, listeners in self.by_stream.items() if listeners]

    def publish(self, stream: str, event: Any) -> None:
        """Send an event to all listeners of a stream."""
        listeners = self.by_stream.get(stream)
        if not listeners or "*" in self.silent_market or stream in self.silent_market:
            return
        raw = orjson.dumps(event)
        wrapped = b'{"stream":"' + stream.encode() + b'","data":' + raw + b"}"
        for connection in list(listeners):
            connection.send(wrapped if connection.combined else raw)

    def publish_user(self, account_id: str, raw: bytes) -> None:
        """Send an account's event to its subscribers."""
        listeners = self.by_account.get(account_id)
        if not listeners or "*" in self.silent_users or account_id in self.silent_users:
            return
        for connection in list(listeners):
            for subscription, subscribed in list(connection.users.items()):
                if subscribed == account_id:
                    head = b'{"subscriptionId":' + str(subscription).encode()
                    connection.send(head + b',"event":' + raw + b"}")

    def add(self, connection: Connection) -> None:
        """A client has connected."""
        self.connections.add(connection)

    def remove(self, connection: Connection) -> None:
        """A client has gone."""
        connection.stop()
        self.connections.discard(connection)
        for stream in list(connection.streams):
            self.unsubscribe(connection, stream)
        for subscription in list(connection.users):
            self.unsubscribe_user(connection, subscription)

    def subscribe(self, connection: Connection, stream: str) -> None:
        """Start sending a market stream."""
        connection.streams[stream] = None
        self.by_stream[stream].add(connection)

    def unsubscribe(self, connection: Connection, stream: str) -> None:
        """Stop sending a market stream."""
        connection.streams.pop(stream, None)
        listeners = self.by_stream.get(stream)
        if listeners is not None:
            listeners.discard(connection)
            if not listeners:
                del self.by_stream[stream]

    def subscribe_user(self, connection: Connection, account_id: str) -> int:
        """Start sending an account's events; returns the subscription's id."""
        subscription = connection.next_subscription
        connection.next_subscription += 1
        connection.users[subscription] = account_id
        self.by_account[account_id].add(connection)
        return subscription

    def unsubscribe_user(self, connection: Connection, subscription: int) -> None:
        """Stop sending the events of a subscription."""
        account_id = connection.users.get(subscription)
        if account_id is not None:
            event = {"e": "eventStreamTerminated", "E": time.time_ns() // 1_000_000}
            connection.send(orjson.dumps({"subscriptionId": subscription, "event": event}))
            del connection.users[subscription]
        if account_id is not None and account_id not in connection.users.values():
            self.by_account[account_id].discard(connection)
