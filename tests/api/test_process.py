"""`python -m api` as a process of its own: hostile connections, and how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from workers.settings import Settings

START_TIMEOUT_S = 90
REQUEST_TIMEOUT_S = 0.4
# Long enough to be seen by a machine that is busy with other tests.
DRAIN_S = 3.0


@dataclass
class Process:
    """A running edge."""

    child: asyncio.subprocess.Process
    port: int
    http: httpx.AsyncClient

    async def talk(self, *parts: bytes, timeout_s: float = 10) -> bytes:
        """Send raw bytes and read until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(timeout_s):
                with contextlib.suppress(ConnectionResetError):
                    for part in parts:
                        writer.write(part)
                        await writer.drain()
                    return await reader.read()
            return b""
        finally:
            writer.close()


def _environment(settings: Settings, **more: str) -> dict[str, str]:
    names = ("mongodb_url", "mongodb_database", "redis_url", "rabbitmq_url")
    places = {name: str(getattr(settings, name)) for name in (*names, "temporal_address")}
    fields = {
        **places,
        "exchange_url": settings.exchange_url,
        "jwt_secret": settings.jwt_secret.get_secret_value(),
        "credentials_key": settings.credentials_key.get_secret_value(),
        **more,
    }
    return os.environ | {f"BOTCORE_{name.upper()}": value for name, value in fields.items()}


@pytest.fixture(scope="module")
async def process(
    make_settings: Callable[..., Settings], unused_tcp_port_factory: Callable[[], int]
) -> AsyncIterator[Process]:
    """One process for this module; its last test ends it."""
    port = unused_tcp_port_factory()
    environment = _environment(
        make_settings(),
        request_timeout_s=str(REQUEST_TIMEOUT_S),
        shutdown_drain_s=str(DRAIN_S),
        max_body_bytes="10000",
    )
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api", "--port", str(port)),
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    base_url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=base_url) as http:
            await _until_ready(http)
            yield Process(child, port, http)
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def _until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


def _post(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: edge.test", "Content-Type: application/json"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def test_a_hostile_connection_ends_and_a_polite_one_is_served(process: Process) -> None:
    login = "/api/auth/login"
    slow_headers = await process.talk(b"GET /livez HTTP/1.1\r\nHost: edge")
    assert slow_headers == b"", "closed without a word"
    silent = await process.talk()
    assert silent == b""

    slow_body = await process.talk(_post(login, "Content-Length: 100"), b'{"email":')
    assert _status(slow_body) == 408
    assert b"application/problem+json" in slow_body

    large = await process.talk(_post(login, "Content-Length: 99999999"))
    assert _status(large) == 413
    assert b"connection: close" in large.lower()

    chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    endless = await process.talk(_post(login, "Transfer-Encoding: chunked"), *[chunk] * 50)
    assert _status(endless) in {0, 413}, "answered, or cut off in the middle of sending"

    for nonsense in (b"\x16\x03\x01\x00\xff" * 20, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        assert _status(await process.talk(nonsense)) in {0, 400}
    smuggled = _post(login, "Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close")
    assert _status(await process.talk(smuggled + b"0\r\n\r\n")) in {400, 422}

    answer = await process.http.get("/livez")
    assert answer.status_code == 200
    assert "server" not in answer.headers


async def test_a_kept_connection_serves_many_requests(process: Process) -> None:
    """The time limit for headers does not end a connection that is only idle."""
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    for _ in range(3):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        async with asyncio.timeout(5):
            assert _status(await reader.readuntil(b"\r\n\r\n")) == 200
            await reader.readuntil(b"}")
        # Longer than a connection that owes us headers would live.
        await asyncio.sleep(REQUEST_TIMEOUT_S * 1.5)
    writer.close()


async def test_a_shutdown_fails_readiness_first_and_ends_well(process: Process) -> None:
    process.child.send_signal(signal.SIGTERM)
    async with asyncio.timeout(DRAIN_S):
        while True:
            report = await process.http.get("/readyz")
            if report.json()["state"] == "draining":
                break
    assert report.status_code == 503
    assert (await process.http.get("/livez")).status_code == 200, "it still serves"
    await process.http.aclose()
    async with asyncio.timeout(20):
        _, errors = await process.child.communicate()
    assert process.child.returncode == 0
    lines: list[Any] = [json.loads(line) for line in errors.splitlines()]
    assert lines, "structured logs"
    assert not [line for line in lines if line["level"] in {"error", "critical"}], lines
