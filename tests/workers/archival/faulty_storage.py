"""A way to object storage that refuses, corrupts or loses what it is told to."""

import asyncio
from typing import Self

from aiohttp import ClientSession, web

_HOP_HEADERS = {"transfer-encoding", "connection", "content-encoding", "content-length", "date"}


class FaultyStorage:
    """Passes requests on, unless it was told otherwise.

    Attributes:
        refused: Methods, such as "PUT", that are answered with 403.
        away: Methods that are answered with 503.
        corrupted: Methods in whose body one bit is turned, on the way there or back.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self.url = ""
        self.heal()

    def heal(self) -> None:
        """Pass everything on again."""
        self.refused: set[str] = set()
        self.away: set[str] = set()
        self.corrupted: set[str] = set()
        self.met = asyncio.Event()
        self.seen: list[tuple[str, str]] = []

    async def __aenter__(self) -> Self:
        self._session = ClientSession(auto_decompress=False)
        application = web.Application(client_max_size=2**30)
        application.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.Response:
        method, is_object = request.method, request.path.count("/") > 1
        self.seen.append((method, request.path))
        if is_object and method in self.refused:
            self.met.set()
            return web.Response(status=403, text=_error("AccessDenied"))
        if is_object and method in self.away:
            self.met.set()
            return web.Response(status=503, text=_error("SlowDown"))
        body = await request.read()
        if method == "PUT" and is_object and method in self.corrupted and body:
            body = _turned(body)
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        async with self._session.request(
            method, self._target + request.raw_path, data=body, headers=headers
        ) as answer:
            content = await answer.read()
            if method == "GET" and is_object and method in self.corrupted and content:
                content = _turned(content)
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in _HOP_HEADERS}
            if method == "HEAD":
                kept["Content-Length"] = answer.headers.get("Content-Length", "0")
            return web.Response(status=answer.status, body=content, headers=kept)


def _turned(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def _error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>told to</Message></Error>"
