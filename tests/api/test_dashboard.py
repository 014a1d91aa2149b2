"""The dashboard's files over HTTP, as the real server sends them to hostile and polite clients."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.coded_file import best_coding
from api.dashboard import Dashboard, dashboard_router
from api.errors import install_error_handlers
from api.metrics import HttpMetrics
from api.middleware import EdgeMiddleware
from api.server import server_for
from workers.settings import Settings

GATEWAY = "wss://desk.example:8443/ws"
PAGE = b"<!doctype html><title>Bot Core</title>"
SCRIPT = b"console.log('a program');" * 20
SECRET = b"not for the public"


def build(directory: Path, page: bytes = PAGE, script: str = "main-1.js") -> None:
    """Write what a build leaves; the real compressor's work is told apart by its first bytes."""
    files = {"index.html": page, "icon.svg": b"<svg/>", f"assets/{script}": SCRIPT}
    files["assets/style-1.css"] = b"body{}"
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
        path.with_name(f"{path.name}.br").write_bytes(b"br:" + content)


@asynccontextmanager
async def serving(directory: Path, port: int) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(redirect_slashes=False)
    app.add_middleware(
        EdgeMiddleware, metrics=HttpMetrics(), max_body_bytes=1_000, body_timeout_s=1
    )
    install_error_handlers(app)
    app.include_router(dashboard_router(Dashboard(directory, GATEWAY)))
    fields = {"jwt_secret": "x" * 32, "credentials_key": "y", "api_port": port}
    server = server_for(app, Settings.model_validate(fields))
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        ) as http:
            yield http
    finally:
        server.should_exit = True
        await running


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dashboard")
    build(folder / "dist")
    (folder / "secret.js").write_bytes(SECRET)
    (folder / "dist" / "notes.txt").write_bytes(SECRET)
    return folder / "dist"


@pytest.fixture(scope="module")
async def http(
    built: Path, unused_tcp_port_factory: Callable[[], int]
) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(built, unused_tcp_port_factory()) as client:
        yield client


async def raw(http: httpx.AsyncClient, method: str, target: str) -> bytes:
    """Ask for a target as it stands; a client library would tidy it up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_page_loads_from_us_and_speaks_to_us_and_the_gateway(
    http: httpx.AsyncClient,
) -> None:
    page = await http.get("/")
    assert (page.status_code, page.content) == (200, PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    policy = dict(
        each.split(" ", 1) for each in page.headers["content-security-policy"].split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self' wss://desk.example:8443",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    denied = page.headers["permissions-policy"].split(", ")
    assert {"camera=()", "geolocation=()", "payment=()"} <= set(denied)


@pytest.mark.parametrize(
    ("path", "media_type", "cache"),
    [
        ("/assets/main-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immut"),
        ("/assets/style-1.css", "text/css; charset=utf-8", "public, max-age=31536000, immut"),
        ("/icon.svg", "image/svg+xml", "public, max-age=86400"),
    ],
)
async def test_what_the_page_loads(
    http: httpx.AsyncClient, path: str, media_type: str, cache: str
) -> None:
    response = await http.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert response.headers["cache-control"].startswith(cache)
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/assets/main-1.js"])
@pytest.mark.parametrize("accepted", ["identity", "gzip", "gzip, br"])
async def test_what_is_known_already_is_not_sent_again(
    http: httpx.AsyncClient, path: str, accepted: str
) -> None:
    headers = {"Accept-Encoding": accepted}
    # Raw: the br of these files is none that a library could read.
    async with http.stream("GET", path, headers=headers) as first:
        sent = b"".join([part async for part in first.aiter_raw()])
    assert sent
    headers["If-None-Match"] = f'"other", W/{first.headers["etag"]}'
    again = await http.get(path, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "vary", "cache-control", "content-security-policy"):
        assert again.headers[name] == first.headers[name], f"a browser would take over {name}"
    headers["If-None-Match"] = '"other"'
    assert (await http.head(path, headers=headers)).status_code == 200


async def test_every_coding_is_an_answer_of_its_own(http: httpx.AsyncClient) -> None:
    tags = set()
    for accepted, coding, begins in (
        ("gzip, deflate, br, zstd", "br", b"br:"),
        ("gzip", "gzip", b"\x1f\x8b"),
        ("identity", None, SCRIPT[:9]),
        ("br;q=0, gzip;q=0", None, SCRIPT[:9]),
    ):
        url, headers = "/assets/main-1.js", {"Accept-Encoding": accepted}
        async with http.stream("GET", url, headers=headers) as response:
            sent = b"".join([part async for part in response.aiter_raw()])
        assert response.headers.get("content-encoding") == coding
        assert response.headers["vary"] == "Accept-Encoding"
        assert int(response.headers["content-length"]) == len(sent)
        assert sent.startswith(begins)
        tags.add(response.headers["etag"])
    assert len(tags) == 3


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("br", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("br ; q=0.5 , gzip ; Q=0.5", "br"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("br;q=0, *;q=0", None),
        ("gzip;q=2, br;q=, ;;,", None),
        ("deflate", None),
    ],
)
def test_a_coding_is_chosen_by_the_clients_weights(accepted: str, chosen: str | None) -> None:
    assert best_coding(accepted, ("br", "gzip")) == chosen


@pytest.mark.parametrize("path", ["/", "/assets/main-1.js"])
async def test_a_head_is_the_get_without_its_body(http: httpx.AsyncClient, path: str) -> None:
    head, _, body = (await raw(http, "HEAD", path)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""
    told = re.search(rb"content-length: (\d+)", head)
    assert told is not None
    assert int(told[1]) == len((await http.get(path)).content)


@pytest.mark.parametrize(
    "target",
    [
        "/assets/../../secret.js",
        "/assets/..%2f..%2fsecret.js",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets/..%5c..%5csecret.js",
        "/assets/%252e%252e%252fsecret.js",
        "/assets//main-1.js",
        "/assets/main-1.js%00",
        "/assets/main-1.js/",
        "/assets/",
        "/assets",
        "/assets/index.html",
        "/assets/main-1.js.br",
        "/index.html",
        "/notes.txt",
        "//",
        "/unknown",
        "/api/unknown",
    ],
)
async def test_nothing_else_is_there(http: httpx.AsyncClient, target: str) -> None:
    answer = await raw(http, "GET", target)
    assert answer.startswith(b"HTTP/1.1 404"), answer
    assert b"application/problem+json" in answer
    assert b'"code":"NOT_FOUND"' in answer
    assert b"cache-control: private, no-store" in answer
    assert SECRET not in answer


async def test_only_reading_is_possible(http: httpx.AsyncClient) -> None:
    refused = await http.post("/")
    assert refused.status_code == 405
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_build_is_taken_up_and_the_one_before_still_found(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path / "dist", unused_tcp_port) as http:
        missing = await http.get("/")
        assert (missing.status_code, missing.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert "make setup" in missing.json()["detail"]
        assert (await http.get("/icon.svg")).status_code == 404
        for number in (1, 2, 3):
            build(tmp_path / "next", page=b"page %d" % number, script=f"main-{number}.js")
            if number > 1:
                (tmp_path / "dist").rename(tmp_path / f"old-{number}")
                assert (await http.get("/")).content == b"page %d" % (number - 1)
            (tmp_path / "next").rename(tmp_path / "dist")
            assert (await http.get("/")).content == b"page %d" % number
        statuses = [(await http.get(f"/assets/main-{n}.js")).status_code for n in (1, 2, 3)]
        assert statuses == [404, 200, 200]
