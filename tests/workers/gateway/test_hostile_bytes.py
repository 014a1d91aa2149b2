"""Bytes that no decent client sends; the gateway ends that line and serves the others."""

import asyncio

import pytest

from tests.workers.gateway.conftest import Stage

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00" * 64 + b"\r\n\r\n",
        b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ws HTTP/1.1\r\n" + b"X: " + b"y" * 200_000,
        HANDSHAKE + b"\x8b\x80\x00\x00\x00\x00",  # an opcode that is reserved
        HANDSHAKE + b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
        HANDSHAKE + b"\x89\xfe\x01\x00\x00\x00\x00\x00" + b"p" * 256,  # a ping out of bounds
    ],
    ids=["zeros", "post", "no-upgrade", "endless-header", "opcode", "length", "ping"],
)
async def test_the_line_ends(stage: Stage, sent: bytes) -> None:
    other = await stage.connect_as("ann")
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(sent)
    async with asyncio.timeout(20):
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1_000_000)
    writer.close()
    await other.silence()


async def test_text_that_is_no_text_is_malformed(stage: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(HANDSHAKE + b"\x81\x82\x00\x00\x00\x00\xff\xfe")
    async with asyncio.timeout(20):
        assert b"INVALID_REQUEST" in await reader.readuntil(b"INVALID_REQUEST")
    writer.close()
