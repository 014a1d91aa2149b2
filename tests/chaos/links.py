"""TCP links between one process and the servers behind it, which can be held and cut.

A hold stops a process at an exact step of its work from outside: the bytes that would take
it further wait here until they are delivered or lost.
"""

import asyncio
import contextlib
from collections.abc import Callable

from workers.stack.ports import LOOPBACK

_CHUNK_BYTES = 1 << 18
Match = Callable[[bytes], bool]


class Hold:
    """Catches what `match` says, until it is released.

    Args:
        match: Decides on what the process sends.
        answers: Whether the request passes and its answer is caught instead: the server has
            done its work by then.
    """

    def __init__(self, match: Match, *, answers: bool = False) -> None:
        self.match = match
        self.answers = answers
        self.reached = asyncio.Event()
        self._released = asyncio.Event()
        self._delivers = False

    @property
    def is_released(self) -> bool:
        return self._released.is_set()

    def deliver(self) -> None:
        """Let what was caught go on its way."""
        self._delivers = True
        self._released.set()

    def lose(self) -> None:
        """Throw away what was caught and close its connection."""
        self._released.set()

    async def delivers(self) -> bool:
        """Catch: wait for the release, and tell whether the message goes on."""
        self.reached.set()
        await self._released.wait()
        return self._delivers


class Link:
    """A proxy on a port of its own.

    Args:
        port: The server's port on loopback.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._holds: list[Hold] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen; again after `cut`, at the same port."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def hold(self, match: Match, *, answers: bool = False) -> Hold:
        """Begin to catch."""
        hold = Hold(match, answers=answers)
        self._holds.append(hold)
        return hold

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None or not self._server.is_serving():
            # Accepted before the cut, and heard of after it.
            return writer.transport.abort()
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        writers = [writer]
        try:
            up_reader, up_writer = await asyncio.open_connection(LOOPBACK, self._upstream)
            writers.append(up_writer)
            await self._pipe(reader, up_writer, up_reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # cut; asyncio's streams would log a task that ends as cancelled
        finally:
            self._connections.discard(task)
            for one in writers:
                one.transport.abort()

    async def _pipe(
        self,
        reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Copy both ways until one end closes."""
        awaited: list[Hold] = []  # whose request has passed and whose answer has not

        async def requests() -> None:
            while chunk := await reader.read(_CHUNK_BYTES):
                hold = self._catching(chunk)
                if hold is not None and hold.answers:
                    awaited.append(hold)
                elif hold is not None and not await hold.delivers():
                    return
                up_writer.write(chunk)
                await up_writer.drain()

        async def answers() -> None:
            while chunk := await up_reader.read(_CHUNK_BYTES):
                if awaited and not await awaited.pop().delivers():
                    return
                writer.write(chunk)
                await writer.drain()

        pipes = [asyncio.create_task(requests()), asyncio.create_task(answers())]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            with contextlib.suppress(OSError):
                await asyncio.gather(*pipes, return_exceptions=True)

    def _catching(self, chunk: bytes) -> Hold | None:
        self._holds = [hold for hold in self._holds if not hold.is_released]
        return next((hold for hold in self._holds if hold.match(chunk)), None)


def having(*marks: str) -> Match:
    """Match what has all of these in it."""
    wanted = [mark.encode() for mark in marks]
    return lambda chunk: all(mark in chunk for mark in wanted)


# An update's command in MongoDB's wire protocol: a string field, and what it updates.
_UPDATES_ACCOUNT = b"\x02update\x00\x09\x00\x00\x00accounts\x00"
# A session's id in BSON: a UUID.
_SESSION_ID = b"\x05id\x00\x10\x00\x00\x00\x04"
_UUID_BYTES = 16


def reservation_of(user_id: str) -> Match:
    """Match the write that reserves; it is the one outside a transaction."""
    user = user_id.encode()
    return lambda chunk: (
        _UPDATES_ACCOUNT in chunk and user in chunk and b"startTransaction" not in chunk
    )


def record_of(user_id: str) -> Match:
    """Match the first write of the transaction that settles."""
    user = user_id.encode()
    return lambda chunk: (
        _UPDATES_ACCOUNT in chunk and user in chunk and b"startTransaction" in chunk
    )


def commit_of(user_id: str) -> Match:
    """Match the commit of the transaction that settles."""
    begins, sessions = record_of(user_id), set[bytes]()

    def match(chunk: bytes) -> bool:
        if begins(chunk):
            start = chunk.index(_SESSION_ID)
            sessions.add(chunk[start : start + len(_SESSION_ID) + _UUID_BYTES])
        return b"commitTransaction" in chunk and any(session in chunk for session in sessions)

    return match
