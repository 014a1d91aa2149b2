"""Market streams: `/ws/<stream>`, `/ws` with SUBSCRIBE, and combined `/stream?streams=a/b`."""

import re
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web

from sandbox.exchange.core.symbols import SYMBOLS
from sandbox.exchange.market.intervals import LENGTH_MS
from sandbox.exchange.protocol.hub import Connection
from sandbox.exchange.venue import Venue

_PING_S: Final = 20.0
_MOST_STREAMS: Final = 1_024
_FIXED: Final = frozenset({"!ticker@arr", "!miniTicker@arr"})
_KINDS: Final = re.compile(
    r"trade|aggTrade|ticker|miniTicker|bookTicker|avgPrice|depth(5|10|20)?(@100ms|@1000ms)?"
    r"|kline_(?P<interval>\w+)|ticker_(1h|4h|1d)"
)
_METHODS: Final = (
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST_SUBSCRIPTIONS",
    "SET_PROPERTY",
    "GET_PROPERTY",
)


class _Refused(Exception):  # noqa: N818 - carries the refusal to send
    def __init__(self, code: int, msg: str) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg


def is_stream(name: str) -> bool:
    """Whether there is such a stream. Symbols are in lower case."""
    if name in _FIXED:
        return True
    symbol, _, kind = name.partition("@")
    if symbol != symbol.lower() or symbol.upper() not in SYMBOLS:
        return False
    found = _KINDS.fullmatch(kind)
    if found is None:
        return False
    interval = found["interval"]
    return interval is None or interval in LENGTH_MS


class Streams:
    """Serves market stream connections.

    Args:
        venue: The exchange behind it.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """`/ws` and `/ws/<stream>[/<stream>…]`: events come bare."""
        names = request.match_info.get("streams", "")
        return await self._serve(request, names, combined=False)

    async def combined(self, request: web.Request) -> web.StreamResponse:
        """`/stream?streams=…`: events come with their stream's name."""
        return await self._serve(request, request.query.get("streams", ""), combined=True)

    async def _serve(
        self, request: web.Request, names: str, *, combined: bool
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=_PING_S, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, combined=combined)
        hub = self._venue.hub
        hub.add(connection)
        for name in filter(is_stream, names.split("/")):
            hub.subscribe(connection, name)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    connection.send(orjson.dumps(self._control(connection, message.data)))
        finally:
            hub.remove(connection)
        return socket

    def _control(self, connection: Connection, raw: str) -> dict[str, Any]:
        try:
            found = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            msg = f"Invalid JSON: expected value at line {error.lineno} column {error.colno}"
            return {"error": {"code": 3, "msg": msg}}
        request_id = found.get("id") if isinstance(found, dict) else None
        try:
            return {"result": self._act(connection, found), "id": request_id}
        except _Refused as refused:
            return {"error": {"code": refused.code, "msg": refused.msg}, "id": request_id}

    def _act(self, connection: Connection, found: Any) -> Any:
        if not isinstance(found, dict) or "method" not in found:
            raise _Refused(2, "Invalid request: missing field `method` at line 1 column 1")
        method, params = found["method"], found.get("params") or []
        if method not in _METHODS:
            listed = ", ".join(f"`{each}`" for each in _METHODS)
            raise _Refused(
                2, f"Invalid request: unknown variant `{method}`, expected one of {listed}"
            )
        if method == "LIST_SUBSCRIPTIONS":
            return list(connection.streams)
        if not isinstance(params, list):
            raise _Refused(2, "Invalid request: params must be an array")
        if method.endswith("SUBSCRIBE"):
            return self._change(connection, method, params)
        return _property(connection, method, params)

    def _change(self, connection: Connection, method: str, params: list[Any]) -> None:
        hub = self._venue.hub
        names = [name for name in params if isinstance(name, str)]
        if method == "UNSUBSCRIBE":
            for name in names:
                hub.unsubscribe(connection, name)
            return
        if len(connection.streams) + len(names) > _MOST_STREAMS:
            raise _Refused(2, "Invalid request: too many subscriptions")
        if not all(map(is_stream, names)) or len(names) < len(params):
            raise _Refused(2, "Invalid request: invalid stream")
        for name in names:
            hub.subscribe(connection, name)


def _property(connection: Connection, method: str, params: list[Any]) -> Any:
    name = params[0] if params else None
    if not isinstance(name, str):
        raise _Refused(2, "Invalid request: property name must be a string")
    if name != "combined":
        raise _Refused(0, "Unknown property")
    if method == "GET_PROPERTY":
        return connection.combined
    if len(params) != 2 or not isinstance(params[1], bool):  # noqa: PLR2004 - a name and a value
        raise _Refused(1, "Invalid value type: expected Boolean")
    connection.combined = params[1]
    return None
