"""The WebSocket API at `/ws-api/v3`: calls, sessions and user-data subscriptions."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web

from sandbox.exchange.core.errors import HTTP_GONE, VenueError, mandatory, rejected_key
from sandbox.exchange.protocol.calls import Endpoint, Security
from sandbox.exchange.protocol.dispatch import (
    Arrival,
    ConnectionCut,
    Outcome,
    answer,
    retry_data,
)
from sandbox.exchange.protocol.hub import Connection
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.protocol.security import account_of, check_signature, freshness_of
from sandbox.exchange.protocol.table import WS
from sandbox.exchange.venue import Venue, now_ms

_PING_S: Final = 20.0
_EXTRA: Final = frozenset({"apiKey", "returnRateLimits"})
_MOST_SUBSCRIPTIONS: Final = 1_000


@dataclass(slots=True)
class _Frame:
    """One request frame."""

    id: Any
    method: str
    pairs: list[tuple[str, str]]

    def get(self, name: str) -> str | None:
        return dict(self.pairs).get(name)

    @property
    def payload(self) -> str:
        """What its signature covers: all parameters by name."""
        return "&".join(f"{k}={v}" for k, v in sorted(self.pairs) if k != "signature")


class WsApi:
    """Turns WebSocket frames into calls.

    Args:
        venue: The exchange behind it.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes."""
        address = request.remote or ""
        try:
            self._venue.limits.spend(address, 2, now_ms())
        except VenueError as error:
            return web.Response(status=error.status, body=orjson.dumps(error.body()))
        socket = web.WebSocketResponse(heartbeat=_PING_S, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, combined=False)
        self._venue.hub.add(connection)
        show_limits = request.query.get("returnRateLimits", "true") != "false"
        running: set[asyncio.Task[None]] = set()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    # Each on its own: one that is held up does not hold up those behind it.
                    task = asyncio.create_task(
                        self._serve(connection, message.data, address, show_limits=show_limits)
                    )
                    running.add(task)
                    task.add_done_callback(running.discard)
        finally:
            self._venue.hub.remove(connection)
        return socket

    async def _serve(
        self, connection: Connection, raw: str, address: str, *, show_limits: bool
    ) -> None:
        try:
            await self._answer(connection, raw, address, show_limits=show_limits)
        except ConnectionCut:
            connection.drop()

    async def _answer(
        self, connection: Connection, raw: str, address: str, *, show_limits: bool
    ) -> None:
        frame: _Frame | None = None
        limits: list[dict[str, Any]] = []
        try:
            frame = _parse(raw)
            shown = frame.get("returnRateLimits")
            show_limits = show_limits if shown is None else shown == "true"
            result, limits = await self._result(connection, frame, address)
            sent: dict[str, Any] = {"id": frame.id, "status": 200, "result": result}
        except VenueError as error:
            refused = retry_data(error, now_ms())
            frame_id = None if frame is None else frame.id
            sent = {"id": frame_id, "status": refused.status, "error": refused.body()}
        if show_limits:
            usage = self._venue.limits.weight_usage(address, now_ms())
            sent["rateLimits"] = [*limits, usage]
        connection.send(orjson.dumps(sent))

    async def _result(
        self, connection: Connection, frame: _Frame, address: str
    ) -> tuple[Any, list[dict[str, Any]]]:
        session = _SESSION.get(frame.method)
        if session is not None:
            self._venue.limits.spend(address, 2, now_ms())
            return session(self._venue, connection, frame), []
        endpoint = WS.get(frame.method)
        if endpoint is None:
            raise VenueError(-1020, "This operation is not supported.")
        outcome = await self._call(endpoint, frame, address)
        if endpoint.orders and outcome.account is not None:
            usage = self._venue.limits.order_usage(outcome.account.account_id, now_ms())
            return outcome.answer, usage
        return outcome.answer, []

    async def _call(self, endpoint: Endpoint, frame: _Frame, address: str) -> Outcome:
        if endpoint.security is Security.SIGNED and frame.get("apiKey") is None:
            raise mandatory("apiKey")
        return await answer(
            self._venue,
            Arrival(
                endpoint,
                frame.pairs,
                frame.payload,
                frame.get("apiKey"),
                address,
                ("WS", frame.method),
                _EXTRA,
            ),
        )


def _parse(raw: str) -> _Frame:
    """A request frame; numbers keep the form in which they were sent, for the signature.

    Raises:
        VenueError: -1135 for what is not JSON, -1102 without a method, -1130 for a bad one.
    """
    try:
        found = json.loads(raw, parse_float=str, parse_int=str)
    except ValueError as error:
        raise VenueError(-1135, "Invalid JSON Request") from error
    if not isinstance(found, dict):
        raise VenueError(-1135, "Invalid JSON Request")
    method = found.get("method")
    if not isinstance(method, str):
        raise mandatory("method")
    params = found.get("params") or {}
    if not isinstance(params, dict):
        raise VenueError(-1135, "Invalid JSON Request")
    pairs = [(str(name), _written(value)) for name, value in params.items() if value is not None]
    # The id goes back as it came: a number stays a number.
    return _Frame(orjson.loads(raw).get("id"), method.removeprefix("v3/"), pairs)


def _written(value: Any) -> str:
    """A parameter as text, the way clients write it when they sign."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _subscribe_signature(venue: Venue, connection: Connection, frame: _Frame) -> Any:
    """Subscribe to the events of the account whose key signs the request."""
    params = Params(frame.pairs)
    if "apiKey" not in params:
        raise mandatory("apiKey")
    account = account_of(venue.ledger, params.get("apiKey"))
    freshness = freshness_of(params)
    check_signature(account, params, frame.payload)
    freshness.check(now_ms())
    params.check_names(frozenset({"apiKey", "timestamp", "recvWindow", "signature"}) | _EXTRA)
    if account.account_id in connection.users.values():
        raise VenueError(-1191, "Similar subscription is already active on this connection.")
    if len(connection.users) >= _MOST_SUBSCRIPTIONS:
        raise VenueError(
            -1191,
            "Too many subscriptions. Connection may create up to "
            f"'{_MOST_SUBSCRIPTIONS}' subscriptions at a time.",
        )
    return {"subscriptionId": venue.hub.subscribe_user(connection, account.account_id)}


def _unsubscribe(venue: Venue, connection: Connection, frame: _Frame) -> Any:
    """End one subscription, or all of the connection's when none is named."""
    params = Params(frame.pairs)
    wanted = params.integer("subscriptionId")
    if wanted is not None and wanted not in connection.users:
        raise VenueError(-1130, "Data sent for parameter 'subscriptionId' is not valid.")
    for subscription in list(connection.users) if wanted is None else [wanted]:
        venue.hub.unsubscribe_user(connection, subscription)
    return {}


def _subscriptions(_: Venue, connection: Connection, __: _Frame) -> Any:
    return [{"subscriptionId": subscription} for subscription in connection.users]


def _logon(venue: Venue, _: Connection, frame: _Frame) -> Any:
    """Sessions are for Ed25519 keys; the keys given out here are HMAC keys."""
    params = Params(frame.pairs)
    if "apiKey" not in params:
        raise mandatory("apiKey")
    account = account_of(venue.ledger, params.get("apiKey"))
    freshness_of(params).check(now_ms())
    check_signature(account, params, frame.payload)
    raise VenueError(-4056, "HMAC_SHA256 API key is not supported.")


def _status(_: Venue, connection: Connection, __: _Frame) -> Any:
    return {
        "apiKey": None,
        "authorizedSince": None,
        "connectedSince": connection.since_ms,
        "returnRateLimits": True,
        "serverTime": now_ms(),
        "userDataStream": bool(connection.users),
    }


def _needs_session(_: Venue, __: Connection, ___: _Frame) -> Any:
    raise rejected_key()


def _gone(_: Venue, __: Connection, ___: _Frame) -> Any:
    raise VenueError(-1020, "This operation is not supported.", status=HTTP_GONE)


_SESSION: Final = {
    "userDataStream.subscribe.signature": _subscribe_signature,
    "userDataStream.subscribe": _needs_session,
    "userDataStream.unsubscribe": _unsubscribe,
    "session.subscriptions": _subscriptions,
    "session.logon": _logon,
    "session.status": _status,
    "session.logout": _status,
    "userDataStream.start": _gone,
    "userDataStream.ping": _gone,
    "userDataStream.stop": _gone,
}
