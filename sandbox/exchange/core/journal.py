"""The append-only journal: what is in it has happened, what is not has not.

Group commit: lines that arrive while a write is under way share the next `fsync`. Writing runs
in a thread, so the event loop never waits for the disk.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from sandbox.exchange.core.records import Record, decode, encode

_FILE_NAME: Final = "journal.jsonl"
_log = logging.getLogger("sandbox.exchange.journal")


def read(directory: Path, apply: Callable[[Record], None]) -> int:
    """Fold every whole line into `apply`, and cut a torn last line off.

    A line is torn (its closing bracket is missing) when the process died while writing it:
    nobody was told of it.

    Returns:
        The number of lines.

    Raises:
        ValueError: A line in the middle cannot be read: the file is damaged, not torn.
    """
    path = directory / _FILE_NAME
    if not path.exists():
        return 0
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    good = 0
    for index, line in enumerate(lines):
        try:
            records = decode(line)
        except ValueError as error:
            if index < len(lines) - 1:
                raise ValueError(f"journal line {index + 1} is damaged") from error
            torn = {"line": index + 1, "bytes": len(line)}
            _log.warning("torn_line_dropped", extra={"fields": torn})
            os.truncate(path, good)
            return index
        for record in records:
            apply(record)
        good += len(line)
    return len(lines)


class Journal:
    """Appends records durably.

    Attributes:
        commits: How many times the file was synced.
        lines: How many acts were written.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = (directory / _FILE_NAME).open("ab", buffering=0)
        _lock(self._file.fileno())
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self.commits = 0
        self.lines = 0
        self._last: asyncio.Future[None] | None = None
        _sync_directory(directory)

    def append(self, records: list[Record]) -> asyncio.Future[None]:
        """Queue the records of one act.

        Returns:
            A future that is done once they are on disk.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((encode(records), future))
        self._last = future
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return future

    async def settled(self) -> None:
        """Wait until everything appended so far is on disk."""
        if self._last is not None and not self._last.done():
            # Not awaited itself: a caller that is canceled must not cancel it for the others.
            await asyncio.wait([self._last])

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(self._thread, self._commit, [line for line, _ in group])
            except OSError as error:
                # A venue that cannot write must not go on answering from memory.
                _log.critical("journal_failed", extra={"fields": {"error": str(error)}})
                os._exit(1)
            self.commits += 1
            self.lines += len(group)
            for _, future in group:
                if not future.done():
                    future.set_result(None)
        self._writer = None

    def _commit(self, lines: list[bytes]) -> None:
        self._file.write(b"".join(lines))
        os.fdatasync(self._file.fileno())

    async def close(self) -> None:
        """Write what waits and close the file."""
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        self._file.close()


def _lock(descriptor: int) -> None:
    """Keep the journal to this process; the lock goes with it, however it ends.

    Raises:
        BlockingIOError: Another exchange writes here.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync_directory(directory: Path) -> None:
    """Make the file's name durable, too."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
