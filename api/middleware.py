"""What every request passes, in one pure ASGI layer: a trade is answered in milliseconds.

Request id, limits on the body's size and time, headers, metrics, and the answer to
mistakes of ours.
"""

import asyncio
import re
import secrets
from collections.abc import MutableMapping
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caching import PRIVATE
from api.errors import problem, unexpected
from api.metrics import HttpMetrics
from api.origin import begin_request, end_request
from domain.errors import ErrorCode

log = structlog.get_logger(__name__)

# What a client may choose: enough for UUIDs, ULIDs and trace ids, nothing that could
# forge a log line or a header.
_SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._\-]{1,128}")

_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
# Only where the route has not said otherwise.
_DEFAULT_CACHE = (b"cache-control", PRIVATE.encode())
_DEFAULT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# The OpenAPI pages load their scripts; everything else answers JSON.
_PAGES = frozenset({"/docs", "/redoc", "/docs/oauth2-redirect"})


class BodyRefused(HTTPException):
    """A body that is too large or too slow; the connection is of no further use."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(status, detail, {"Connection": "close"})


class EdgeMiddleware:
    """The outermost layer of ours.

    Args:
        app: What it wraps.
        metrics: Where each request is counted.
        max_body_bytes: A larger body is answered with 413.
        body_timeout_s: How long a client may take to send a whole body; then 408.
    """

    def __init__(
        self, app: ASGIApp, metrics: HttpMetrics, max_body_bytes: int, body_timeout_s: float
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, length, has_body = _of_interest(scope["headers"])
        answering = _Answer(send, request_id, scope["path"])
        if has_body:
            receive = _BoundedBody(receive, self._max_body_bytes, self._body_timeout_s)
        tokens = structlog.contextvars.bind_contextvars(request_id=request_id.decode())
        serving = begin_request(scope, request_id)
        started = perf_counter()
        try:
            if length > self._max_body_bytes:
                await _too_large()(scope, receive, answering)
            else:
                await self._app(scope, receive, answering)
        except Exception:
            log.exception("unexpected_error", method=scope["method"], path=scope["path"])
            if answering.status:
                raise
            await unexpected()(scope, receive, answering)
        finally:
            self._metrics.observe(scope, answering.status, perf_counter() - started)
            structlog.contextvars.reset_contextvars(**tokens)
            end_request(serving)


def _of_interest(headers: list[tuple[bytes, bytes]]) -> tuple[bytes, int, bool]:
    """Return the request id, the announced length, and whether a body may follow."""
    request_id, length, has_body = b"", 0, False
    for name, value in headers:
        if name == b"x-request-id" and _SANE_REQUEST_ID.fullmatch(value):
            request_id = value
        elif name == b"content-length":
            # The server has parsed it already; what it let pass is a number.
            length = int(value) if value.isdigit() else 0
            has_body = length > 0
        elif name == b"transfer-encoding":
            has_body = True
    return request_id or secrets.token_hex(16).encode(), length, has_body


def _too_large() -> ASGIApp:
    return problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ErrorCode.BODY_TOO_LARGE,
        "The body is too large.",
        headers={"Connection": "close"},
    )


class _Answer:
    """Adds the headers to an answer, and remembers its status (0: none yet)."""

    __slots__ = ("_path", "_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: bytes, path: str) -> None:
        self._send = send
        self._request_id = request_id
        self._path = path
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._complete(message)
        await self._send(message)

    def _complete(self, message: MutableMapping[str, Any]) -> None:
        headers = list(message.get("headers", ()))
        names = {name for name, _ in headers}
        headers.append((b"x-request-id", self._request_id))
        headers += _ALWAYS
        if b"cache-control" not in names:
            headers.append(_DEFAULT_CACHE)
        if b"content-security-policy" not in names and self._path not in _PAGES:
            headers.append(_DEFAULT_POLICY)
        message["headers"] = headers


class _BoundedBody:
    """A body that ends: in size, also where its length was not announced, and in time."""

    __slots__ = ("_deadline", "_left", "_receive", "_whole")

    def __init__(self, receive: Receive, max_bytes: int, timeout_s: float) -> None:
        self._receive = receive
        self._left = max_bytes
        self._deadline = asyncio.get_running_loop().time() + timeout_s
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            # Now it only waits for the client to leave, however long the answer takes.
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly.") from error
        if message["type"] == "http.request":
            self._whole = not message.get("more_body", False)
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.")
        return message
