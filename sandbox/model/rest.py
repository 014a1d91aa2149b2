"""The API under `/v1`."""

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from aiohttp import web

from sandbox.model.completions import Completion, ConnectionCut, Model
from sandbox.model.errors import (
    HTTP_BAD_REQUEST,
    HTTP_NOT_FOUND,
    ApiError,
    bad_request,
    no_key,
    no_model,
    wrong_key,
)
from sandbox.model.request import read_request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_REQUEST_ID: Final = web.RequestKey("request_id", str)
_BEARER: Final = "Bearer "


class Rest:
    """Turns HTTP requests into calls.

    Args:
        model: The model behind it.
        key: The only key that is good; any is, if empty.
    """

    def __init__(self, model: Model, key: str) -> None:
        self._model = model
        self._key = key

    @web.middleware
    async def dress(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check the key, answer errors in their envelope, and put on OpenAI's headers."""
        began = time.monotonic()
        request[_REQUEST_ID] = f"req_{secrets.token_hex(16)}"
        try:
            self._authenticate(request)
            answer = await handler(request)
        except ApiError as error:
            answer = _refuse(error)
        except web.HTTPNotFound:
            text = f"Invalid URL ({request.method} {request.path})"
            answer = _refuse(ApiError(HTTP_NOT_FOUND, text))
        except web.HTTPException as error:
            # What the server itself refuses: a method, a body that is too large.
            known = error.status >= HTTP_BAD_REQUEST
            answer = _refuse(ApiError(error.status if known else HTTP_BAD_REQUEST, error.reason))
        except ConnectionCut:
            return _cut(request)
        if not answer.prepared:
            answer.headers.update(self._headers(request))
            answer.headers["openai-processing-ms"] = str(int((time.monotonic() - began) * 1_000))
        return answer

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/chat/completions`."""
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError as error:
            text = "We could not parse the JSON body of your request. (HINT: it is not JSON.)"
            raise bad_request(text) from error
        wanted = read_request(body)
        completion = await self._model.complete(wanted, _key_of(request), request[_REQUEST_ID])
        if wanted.stream:
            return await self._stream(request, completion)
        if completion.cut:
            raise ConnectionCut
        return _json(completion.whole())

    async def list_models(self, _: web.Request) -> web.Response:
        """`GET /v1/models`."""
        items = [self._view(name) for name in self._model.names]
        return _json({"object": "list", "data": items})

    async def one_model(self, request: web.Request) -> web.Response:
        """`GET /v1/models/{id}`."""
        name = request.match_info["name"]
        if name not in self._model.names:
            raise no_model(name)
        return _json(self._view(name))

    async def _stream(self, request: web.Request, completion: Completion) -> web.StreamResponse:
        headers = self._headers(request) | {"Cache-Control": "no-cache"}
        answer = web.StreamResponse(headers=headers)
        answer.content_type = "text/event-stream"
        answer.charset = "utf-8"
        await answer.prepare(request)
        async for event in completion.events():
            await answer.write(event)
        await answer.write_eof()
        return answer

    def _authenticate(self, request: web.Request) -> None:
        key = _key_of(request)
        if not key:
            raise no_key()
        if self._key and not secrets.compare_digest(key.encode(), self._key.encode()):
            raise wrong_key(key)

    def _headers(self, request: web.Request) -> dict[str, str]:
        return {
            "x-request-id": request[_REQUEST_ID],
            "openai-version": "2020-10-01",
            "openai-organization": "sandbox",
            **self._model.limits.headers(_key_of(request), time.monotonic()),
        }

    def _view(self, name: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": self._model.since_s,
            "owned_by": "sandbox",
        }


def _key_of(request: web.Request) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix(_BEARER).strip() if header.startswith(_BEARER) else ""


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTP_BAD_REQUEST)


def _refuse(error: ApiError) -> web.Response:
    answer = _json(error.body(), error.status)
    if error.retry_after_s is not None:
        answer.headers["Retry-After"] = f"{error.retry_after_s:g}"
        answer.headers["retry-after-ms"] = f"{error.retry_after_s * 1_000:.0f}"
    return answer


def _json(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")
