"""What every request passes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import Body, FastAPI, Request

from api.errors import install_error_handlers
from api.json_codec import answer
from api.metrics import HttpMetrics
from api.middleware import EdgeMiddleware
from api.routing import edge_router

MAX_BODY_BYTES = 1_000
BODY_TIMEOUT_S = 0.2


class Small:
    """A small application behind the middleware, and what it saw."""

    def __init__(self) -> None:
        self.metrics = HttpMetrics()
        self.app = FastAPI()
        self.app.add_middleware(
            EdgeMiddleware,
            metrics=self.metrics,
            max_body_bytes=MAX_BODY_BYTES,
            body_timeout_s=BODY_TIMEOUT_S,
        )
        install_error_handlers(self.app)
        self.calls = 0
        router = edge_router("/small", "Small")
        router.post("/echo")(self._echo)
        router.post("/raw")(self._raw)
        router.get("/items/{item}")(self._item)
        router.get("/broken")(self._broken)
        router.get("/public")(self._public)
        self.app.include_router(router)

    async def _echo(self, body: Annotated[Any, Body()]) -> Any:
        self.calls += 1
        return answer(body)

    async def _raw(self, request: Request) -> Any:
        return answer(len(await request.body()))

    async def _item(self, item: str) -> Any:
        return answer({"item": item, **structlog.contextvars.get_contextvars()})

    async def _broken(self) -> Any:
        raise RuntimeError("the secret is swordfish")

    async def _public(self) -> Any:
        return answer({}, headers={"Cache-Control": "public, max-age=1"})


@pytest.fixture
def small() -> Small:
    return Small()


@pytest.fixture
async def http(small: Small) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(small.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test") as client:
        yield client


async def test_an_announced_body_that_is_too_large(small: Small, http: httpx.AsyncClient) -> None:
    response = await http.post("/small/echo", json="x" * MAX_BODY_BYTES)
    assert response.status_code == 413
    assert response.json()["code"] == "BODY_TOO_LARGE"
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"]
    assert small.calls == 0


@pytest.mark.parametrize("path", ["/small/echo", "/small/raw"])
async def test_a_chunked_body_that_is_too_large(http: httpx.AsyncClient, path: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b'"' + b"x" * (MAX_BODY_BYTES // 10)

    headers = {"Content-Type": "application/json"}
    response = await http.post(path, content=chunks(), headers=headers)
    assert response.status_code == 413
    assert response.json()["code"] == "BODY_TOO_LARGE"
    assert response.headers["connection"] == "close"


async def test_a_body_of_just_the_limit(http: httpx.AsyncClient) -> None:
    response = await http.post("/small/raw", content=b"x" * MAX_BODY_BYTES)
    assert response.json() == MAX_BODY_BYTES


async def test_a_body_that_never_ends(http: httpx.AsyncClient) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b'"'
        await asyncio.Event().wait()

    headers = {"Content-Type": "application/json"}
    async with asyncio.timeout(5):
        response = await http.post("/small/echo", content=drip(), headers=headers)
    assert response.status_code == 408
    assert response.json()["code"] == "INVALID_REQUEST"
    assert response.headers["connection"] == "close"


async def test_a_request_id_is_kept_and_bound(http: httpx.AsyncClient) -> None:
    sent = "0af7651916cd43dd-8448.eb_1"
    response = await http.get("/small/items/a", headers={"X-Request-Id": sent})
    assert response.headers["x-request-id"] == sent
    assert response.json()["request_id"] == sent
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.parametrize("sent", [b"", b"x" * 129, b"a b", b'"', b"\xff", b"a,b"])
async def test_an_insane_request_id_is_replaced(http: httpx.AsyncClient, sent: bytes) -> None:
    response = await http.get("/small/items/a", headers=[(b"x-request-id", sent)])
    made = response.headers["x-request-id"]
    assert made != sent.decode("latin-1")
    assert len(made) == 32


async def test_request_ids_differ(http: httpx.AsyncClient) -> None:
    answers = [await http.get("/small/items/a") for _ in range(3)]
    assert len({response.headers["x-request-id"] for response in answers}) == 3


async def test_headers_of_every_answer(http: httpx.AsyncClient) -> None:
    for path in ("/small/items/a", "/nowhere", "/small/broken"):
        headers = (await http.get(path)).headers
        assert headers["cache-control"] == "private, no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-request-id"]


async def test_a_route_may_be_public(http: httpx.AsyncClient) -> None:
    response = await http.get("/small/public")
    assert response.headers.get_list("cache-control") == ["public, max-age=1"]


async def test_a_mistake_of_ours_is_a_problem_and_tells_nothing(http: httpx.AsyncClient) -> None:
    response = await http.get("/small/broken", headers={"X-Request-Id": "abc"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == "abc"
    assert "swordfish" not in response.text


async def test_what_the_framework_refuses_is_a_problem(http: httpx.AsyncClient) -> None:
    missing = await http.get("/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    wrong = await http.put("/small/broken")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "INVALID_REQUEST")
    assert wrong.headers["allow"] == "GET"
    assert {r.headers["content-type"] for r in (missing, wrong)} == {"application/problem+json"}


async def test_metrics_name_routes_not_paths(small: Small, http: httpx.AsyncClient) -> None:
    for item in range(5):
        await http.get(f"/small/items/{item}")
        await http.get(f"/nowhere/{item}")
        await http.request(f"METHOD{item}", "/small/items/1")
    await http.get("/small/broken")
    text = small.metrics.exposition().decode()
    counted = {
        line.partition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("botcore_http_request_seconds_count")
    }

    def count(method: str, route: str, status: int) -> float:
        labels = f'method="{method}",route="{route}",status="{status}"'
        return counted[f"botcore_http_request_seconds_count{{{labels}}}"]

    assert count("GET", "/small/items/{item}", 200) == 5
    assert count("GET", "unknown", 404) == 5
    assert count("GET", "/small/broken", 500) == 1
    assert len(counted) == 4, counted


async def test_a_slow_answer_is_not_a_slow_body() -> None:
    """The time limit ends with the body; a long request afterwards is not cut off."""
    finished = asyncio.Event()

    async def app(_scope: Any, receive: Callable[[], Any], send: Callable[..., Any]) -> None:
        while (await receive())["more_body"]:
            pass
        waiting = asyncio.ensure_future(receive())
        done, _ = await asyncio.wait([waiting], timeout=BODY_TIMEOUT_S * 2)
        waiting.cancel()
        if not done:
            finished.set()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    edge = EdgeMiddleware(app, HttpMetrics(), MAX_BODY_BYTES, BODY_TIMEOUT_S)
    transport = httpx.ASGITransport(edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test") as client:
        response = await client.post("/", content=b"{}")
    assert response.status_code == 204
    assert finished.is_set()
