"""A venue whose stream says what the bench wants it to: `python -m … PORT`.

It speaks as much of Binance's REST API and combined streams as the streaming worker asks
for. And of its own, with GET:

- `/bench/pace?symbols=&per_s=&seconds=`: books at a pace, the bid of each being the moment of
  its sending (monotonic, in milliseconds);
- `/bench/prepare?symbols=&seconds=`: a busy market's messages of so many seconds, for
- `/bench/blast?per_s=`: which sends them at a pace, as fast as they are taken at none;
- `/bench/state`: how far that is.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from bench.market import venue_messages as messages

SYMBOLS = 100
# Said on every idle connection, which would otherwise be taken for broken.
_ALIVE_EVERY_S = 1.0
_AT_ONCE = 100
_FIRST_LAST_BID = 777_777_000
_BACKLOG_BYTES = 256 * 1024


class Venue:
    """The market, and who listens to which of its streams."""

    def __init__(self) -> None:
        self.symbols = messages.symbols(SYMBOLS)
        self.lines: dict[Line, None] = {}
        # How far the market is ahead of the clock, and how much further a blast takes it.
        self._ahead_ms = self._passing_ms = 0
        self._sent = 0
        self._last_bid = _FIRST_LAST_BID
        self._prepared: list[tuple[Line, bytes]] = []
        self._number = time.time_ns() // 1_000_000
        self._busy: asyncio.Task[None] | None = None
        self._answers: dict[str, Callable[[dict[str, str]], Any]] = {
            "/api/v3/ping": lambda _asked: {},
            "/api/v3/time": lambda _asked: {"serverTime": self.now_ms()},
            "/api/v3/exchangeInfo": lambda _asked: messages.exchange_info(self.symbols),
            "/api/v3/ticker/24hr": lambda _asked: [
                messages.day_summary(symbol, self.now_ms()) for symbol in self.symbols
            ],
            "/api/v3/klines": self._klines,
            "/bench/pace": lambda asked: self._begin(
                self._pace(int(asked["symbols"]), float(asked["per_s"]), float(asked["seconds"]))
            ),
            "/bench/prepare": lambda asked: self._prepare(
                int(asked["symbols"]), int(asked["seconds"])
            ),
            "/bench/blast": lambda asked: self._begin(self._blast(float(asked["per_s"]))),
            "/bench/state": lambda _asked: self._state(),
        }

    def now_ms(self) -> int:
        """Return the market's time, which a blast moves ahead."""
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def answer(self, path: str, asked: dict[str, str]) -> Any:
        """Answer one GET; None where there is no such thing."""
        known = self._answers.get(path)
        return None if known is None else known(asked)

    def _klines(self, asked: dict[str, str]) -> Any:
        return messages.kline_rows(asked["symbol"], asked["interval"], asked, self.now_ms())

    def _state(self) -> dict[str, Any]:
        busy = self._busy is not None and not self._busy.done()
        streams = sum(len(line.streams) for line in self.lines)
        return {"sent": self._sent, "busy": busy, "streams": streams}

    async def stay_alive(self) -> None:
        """Say something on every connection that would else be silent."""
        while True:
            await asyncio.sleep(_ALIVE_EVERY_S)
            if self._busy is None or self._busy.done():
                for line in self.lines:
                    symbol = line.first_symbol()
                    if symbol is not None:
                        line.send(messages.ticker_message(symbol, self.now_ms()))

    def _begin(self, work: Coroutine[Any, Any, None]) -> dict[str, Any]:
        self._sent = 0
        self._busy = asyncio.create_task(work)
        return {}

    async def _pace(self, symbols: int, per_s: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        routes = self._routes()
        for turn in range(int(per_s * seconds)):
            await asyncio.sleep(max(0.0, began_s + turn / per_s - loop.time()))
            symbol = self.symbols[turn % symbols]
            self._number += 1
            now_us = time.monotonic_ns() // 1_000
            bid, ask = f"{now_us / 1_000:.3f}", f"{(now_us + 10) / 1_000:.3f}"
            message = messages.book_message(symbol, self._number, bid, ask)
            for line in routes.get(f"{symbol.lower()}@bookTicker", ()):
                line.send(message)
                self._sent += 1

    def _prepare(self, symbols: int, seconds: int) -> dict[str, Any]:
        start_ms = self.now_ms()
        # One of its own each time: the last one's may still be what is known.
        self._last_bid += 1
        last_bid = self._last_bid
        self._passing_ms = seconds * 1_000
        routes = self._routes()
        self._prepared = [
            (line, message)
            for stream, message in messages.mix(self.symbols[:symbols], start_ms, seconds, last_bid)
            for line in routes.get(stream, ())
        ]
        return {"messages": len(self._prepared), "last_bid": last_bid}

    async def _blast(self, per_s: float) -> None:
        prepared, self._prepared = self._prepared, []
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for count, (line, message) in enumerate(prepared):
            if count % _AT_ONCE == 0:
                due_s = began_s + count / per_s if per_s else 0.0
                await asyncio.sleep(max(0.0, due_s - loop.time()))
            await line.writable.wait()
            line.send(message)
            self._sent += 1
        self._ahead_ms += self._passing_ms

    def _routes(self) -> dict[str, list["Line"]]:
        routes: dict[str, list[Line]] = {}
        for line in self.lines:
            for stream in line.streams:
                routes.setdefault(stream, []).append(line)
        return routes


class Line(WSListener):
    """One connection of a streaming worker."""

    def __init__(self, venue: Venue, streams: list[str]) -> None:
        self._venue = venue
        self._transport: WSTransport | None = None
        self.streams = dict.fromkeys(streams)
        self.writable = asyncio.Event()
        self.writable.set()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Send to it from now on."""
        transport.underlying_transport.set_write_buffer_limits(_BACKLOG_BYTES)
        self._transport = transport
        self._venue.lines[self] = None

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Send to it no longer."""
        del transport
        self._transport = None
        self._venue.lines.pop(self, None)
        self.writable.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Add streams or take them away."""
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type is not WSMsgType.TEXT:
            return
        told = orjson.loads(frame.get_payload_as_bytes())
        for stream in told["params"]:
            if told["method"] == "SUBSCRIBE":
                self.streams[stream] = None
            else:
                self.streams.pop(stream, None)
        transport.send(WSMsgType.TEXT, orjson.dumps({"result": None, "id": told["id"]}))

    def pause_writing(self) -> None:
        """Wait for the reader."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self.writable.set()

    def send(self, message: bytes) -> None:
        """Write one message."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, message)

    def first_symbol(self) -> str | None:
        """Return the first symbol whose ticker is followed here."""
        tickers = (name for name in self.streams if name.endswith("@ticker"))
        return next((name.partition("@")[0].upper() for name in tickers), None)


async def serve(port: int) -> None:
    """Serve until killed."""
    venue = Venue()

    def accept(request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener | None:
        parts = urlsplit(request.path.decode())
        asked = dict(parse_qsl(parts.query))
        if parts.path == "/stream":
            return Line(venue, [name for name in asked.get("streams", "").split("/") if name])
        found = venue.answer(parts.path, asked)
        if found is None:
            return None
        headers = {"Content-Type": "application/json"}
        response = WSUpgradeResponse.create_ok_response(orjson.dumps(found), headers)
        return WSUpgradeResponseWithListener(response, None)

    server = await ws_create_server(accept, "127.0.0.1", port)
    async with server:
        await venue.stay_alive()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
