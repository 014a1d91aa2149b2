"""Binance's market streams, on python-binance: undecoded, at once, and with every end told."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
from binance import BinanceSocketManager
from binance.ws.constants import WSListenerState
from binance.ws.reconnecting_websocket import (
    ConnectionClosedError,
    ConnectionClosedOK,
    ReconnectingWebsocket,
)

# A feed of several symbols that says nothing for this long is broken, whatever TCP thinks.
SILENT_AFTER_S = 5.0
_LOOK_EVERY_S = 1.0
OPEN_WITHIN_S = 5
# Binance reads five messages a second from a client, and no endlessly long address.
STREAMS_A_MESSAGE = 200
MESSAGE_EVERY_S = 0.25
# "A single connection is only valid for 24 hours"; this much earlier it is opened anew, a
# random part of it so that connections of one start do not all end at once.
CONNECTION_LIFE_S = 23.5 * 3_600
LIFE_JITTER = 0.1

# Source: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams,
# "General WSS information": sent some minutes before the server ends the connection.
_SHUTDOWN = b'"serverShutdown"'

Take = Callable[[bytes], None]


class StreamSet:
    """The streams that one connection carries, which may change while it does.

    Args:
        names: Names such as `btcusdt@bookTicker`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = dict.fromkeys(names)
        self.changed = asyncio.Event()

    @property
    def names(self) -> list[str]:
        """What is wanted now, in order of wish."""
        return list(self._names)

    def add(self, name: str) -> None:
        """Want this one, too."""
        self._names[name] = None
        self.changed.set()

    def discard(self, name: str) -> None:
        """Want this one no longer."""
        self._names.pop(name, None)
        self.changed.set()


class StreamSockets(BinanceSocketManager):  # type: ignore[misc]  # the library ships no types
    """The library's sockets, opened so that messages arrive undecoded and at once."""

    def serve_from(self, stream_url: str) -> None:
        """Use this address instead of Binance's."""
        self.STREAM_URL = f"{stream_url}/"
        self.testnet = False
        # A stand-in is near; neither a proxy nor compression has a place in between.
        self.ws_kwargs = {"proxy": None, "compression": None}

    def open(self, streams: StreamSet, take: Take) -> "StreamSocket":
        """Make a socket for a combined stream; `async with` connects it."""
        first = streams.names[:STREAMS_A_MESSAGE]
        return StreamSocket(
            streams,
            first,
            take,
            url=self._get_stream_url(),
            path=f"streams={'/'.join(first)}",
            prefix="stream?",
            open_timeout=OPEN_WITHIN_S,
            **self.ws_kwargs,
        )


class StreamSocket(ReconnectingWebsocket):  # type: ignore[misc]  # the library ships no types
    """One connection that ends when it breaks.

    The library would queue up to 100 messages, reconnect five times by itself, and hide the
    gap; whoever listens here has to know about it. Its reading makes a task a message, too.
    """

    MAX_RECONNECTS = 0

    def __init__(
        self, streams: StreamSet, carried: Sequence[str], take: Take, **options: Any
    ) -> None:
        super().__init__(**options)
        self._streams = streams
        self._carried = set(carried)
        self._take = take
        self._ended = asyncio.Event()
        self._leaving = asyncio.Event()
        self._cause = "it fell silent"
        self._heard_s = 0.0

    async def follow(self, life_s: float) -> str | None:
        """Return once nothing more will come: the cause, or None if that was to be."""
        clock = asyncio.get_running_loop().time
        self._heard_s = began_s = clock()
        asking = asyncio.create_task(self._ask_for_the_rest())
        try:
            while not self._ended.is_set():
                now_s = clock()
                if self._leaving.is_set() or now_s - began_s > life_s:
                    return None
                if now_s - self._heard_s > SILENT_AFTER_S:
                    break
                try:
                    async with asyncio.timeout(min(_LOOK_EVERY_S, life_s)):
                        await self._leaving.wait()
                except TimeoutError:
                    continue
        finally:
            asking.cancel()
        return self._cause

    async def _ask_for_the_rest(self) -> None:
        """Make the connection carry what is wanted, now and whenever that changes."""
        # A connection that breaks meanwhile is what `_read_loop` tells.
        with contextlib.suppress(ConnectionClosedError, ConnectionClosedOK):
            while True:
                self._streams.changed.clear()
                wanted = set(self._streams.names)
                await self._tell("SUBSCRIBE", wanted - self._carried)
                await self._tell("UNSUBSCRIBE", self._carried - wanted)
                self._carried = wanted
                await self._streams.changed.wait()

    async def _tell(self, method: str, names: set[str]) -> None:
        ordered = sorted(names)
        for start in range(0, len(ordered), STREAMS_A_MESSAGE):
            batch = ordered[start : start + STREAMS_A_MESSAGE]
            request = {"method": method, "params": batch, "id": 1}
            await self.ws.send(orjson.dumps(request).decode())
            await asyncio.sleep(MESSAGE_EVERY_S)

    async def _read_loop(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while True:
                message = await self.ws.recv(decode=False)
                self._heard_s = clock()
                if _SHUTDOWN in message:
                    self._leaving.set()
                else:
                    self._take(message)
        except Exception as error:  # noqa: BLE001 - the client lets through what it likes
            self._cause = repr(error)
        finally:
            self._ended.set()
            self._leaving.set()
            # How the library is told that the loop has ended.
            self._handle_read_loop = None

    async def _kill_read_loop(self) -> None:
        self.ws_state = WSListenerState.EXITING
        if self.ws is not None:
            await self.ws.close()
        await self._ended.wait()
