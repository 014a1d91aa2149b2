import asyncio
import os
import random
import threading
from collections.abc import AsyncIterator

import aiohttp
import pytest
import uvloop

from adapters.whole_connects import WholeConnects

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Venue:
    """A server that counts its connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.left = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self.left.set()


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    venue = Venue()
    server = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
    venue.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    yield venue
    server.close()


async def test_a_connect_that_nobody_waits_for_is_made_and_closed(venue: Venue) -> None:
    async with aiohttp.ClientSession(connector=WholeConnects()) as session:
        asking = asyncio.create_task(session.get(venue.url))
        await asyncio.sleep(0)  # let it begin to connect
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        async with asyncio.timeout(5):
            await venue.left.wait()
            async with session.get(venue.url) as answer:
                assert await answer.text() == "ok"
    assert venue.connections == 2


async def test_connections_are_reused(venue: Venue) -> None:
    async with aiohttp.ClientSession(connector=WholeConnects()) as session:
        for _ in range(3):
            async with session.get(venue.url) as answer:
                assert await answer.text() == "ok"
    assert venue.connections == 1


async def test_a_connect_that_fails_is_told() -> None:
    async with aiohttp.ClientSession(connector=WholeConnects()) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://127.0.0.1:1/")


async def test_a_connect_that_fails_after_its_caller_left_troubles_nobody() -> None:
    async with aiohttp.ClientSession(connector=WholeConnects()) as session:
        asking = asyncio.create_task(session.get("http://127.0.0.1:1/"))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.1)


def test_no_descriptor_of_another_thread_is_closed_under_uvloop() -> None:
    """The fault itself: threads open and close files while connects are cut off."""
    lost = threading.Event()
    over = threading.Event()

    def open_and_close() -> None:
        while not over.is_set():
            for descriptor in [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]:
                try:
                    os.close(descriptor)
                except OSError:
                    lost.set()

    threads = [threading.Thread(target=open_and_close) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        uvloop.run(_cut_off_many())
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not lost.is_set()


async def _cut_off_many() -> None:
    venue = Venue()
    server = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def ask(session: aiohttp.ClientSession) -> None:
        try:
            async with asyncio.timeout(random.random() * 0.05), session.get(url) as answer:
                await answer.read()
        except (TimeoutError, aiohttp.ClientError):
            return

    for _ in range(10):
        connector = WholeConnects(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(ask(session) for _ in range(60)))
    server.close()
