"""Lines of callers before sessions: Temporal takes few updates of one workflow at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from domain.paper.state import SessionState
from workers.paper_calls import crowded

# Temporal takes 10 updates of a workflow at once; two processes may have desks in front of it.
UPDATES_IN_FLIGHT = 4
# So many callers may wait for one session in one process; others are told to come later.
MAX_WAITING = 64
MAX_KNOWN_SESSIONS = 10_000


@dataclass(slots=True)
class _Line:
    """Who waits for one session, and what of it never changes."""

    session: SessionState
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPDATES_IN_FLIGHT))
    waiting: int = 0


class SessionLines:
    """One line a session, as long as it is known here; the longest known is forgotten first."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def session(self, session_id: str) -> SessionState | None:
        """Return a session as it was when it became known; None for an unknown one."""
        line = self._lines.get(session_id)
        return None if line is None else line.session

    def remember(self, session: SessionState) -> None:
        """Know a session; again, it changes nothing."""
        self._line(session)

    @asynccontextmanager
    async def slot(self, session: SessionState) -> AsyncIterator[None]:
        """Wait for a turn, and keep it while this is open.

        Raises:
            Rejected: `RATE_LIMITED`, too many wait already.
        """
        line = self._line(session)
        if line.waiting >= MAX_WAITING:
            raise crowded()
        line.waiting += 1
        try:
            async with line.slots:
                yield
        finally:
            line.waiting -= 1

    def _line(self, session: SessionState) -> _Line:
        known = self._lines.get(session.session_id)
        if known is not None:
            return known
        while len(self._lines) >= MAX_KNOWN_SESSIONS:
            self._lines.pop(next(iter(self._lines)))
        line = self._lines[session.session_id] = _Line(session)
        return line
