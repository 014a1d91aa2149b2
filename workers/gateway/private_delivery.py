"""The private side of one connection: live, or replaying until it is.

A subscription is confirmed with a snapshot and a sequence, and whoever applies the snapshot
and then every event after that sequence has the truth. For that the sequence is read first
and the state after it: the state may hold what the first of those events tell as well, and
applying them to it again is harmless, because every event carries the full state of its
order, position or account, and the last one of each wins. An event up to the sequence was
announced after its state had been committed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.redis_feed import channel_of_frame
from workers.gateway.private_feeds import UserFeed


@dataclass(slots=True)
class Request:
    """Channels to add, from a sequence on or from now on.

    `read_state` never raises and returns soon. `confirm` is called with the sequence and with
    what was read after it, right before anything of these channels is delivered.
    """

    channels: set[str]
    resume_from: int | None
    read_state: Callable[[], Awaitable[dict[str, Any]]]
    confirm: Callable[[int, dict[str, Any]], None]


class Outlet(Protocol):
    """The connection that private events leave by."""

    def deliver_private(self, frame: bytes) -> None:
        """Write one event; ends the connection where too much is waiting already."""

    def declare_history_lost(self) -> None:
        """Tell the client that events are gone."""

    def writable(self) -> Awaitable[object]:
        """Wait until the connection is no longer behind."""


class PrivateDelivery:
    """Delivers a user's events to one connection, each once and in order.

    While a state is read or a replay runs the connection leaves the live feed; it joins again
    at the very moment its position equals the feed's, with nothing awaited in between.
    """

    def __init__(self, feed: UserFeed, outlet: Outlet) -> None:
        self.feed = feed
        self.channels: set[str] = set()
        self._outlet = outlet
        self._requests: deque[Request] = deque()
        self._stopped = False
        self._serving: asyncio.Task[None] | None = None
        # The latest sequence that was taken; what the stream held ahead of its announcement
        # must not be delivered twice.
        self._position = 0

    def request(self, request: Request) -> None:
        """Add channels, after those that were asked for before."""
        self._requests.append(request)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())

    def drop(self, channel: str) -> None:
        """Deliver a channel no longer."""
        self.channels.discard(channel)
        for request in self._requests:
            request.channels.discard(channel)

    def stop(self) -> None:
        """Deliver nothing any more."""
        self._stopped = True
        self.feed.followers.pop(self, None)
        if self._serving is not None:
            self._serving.cancel()

    def take(self, sequence: int, channel: str | None, frame: bytes) -> None:
        """Take the next event; one that a replay has delivered already changes nothing."""
        if sequence > self._position:
            self._position = sequence
            if channel in self.channels:
                self._outlet.deliver_private(frame)

    def lose_history(self) -> None:
        """Learn that events are gone, or that the feed counts again from further back."""
        self._position = min(self._position, self.feed.last or 0)
        self._outlet.declare_history_lost()

    async def _serve(self) -> None:
        try:
            await self.feed.ready.wait()
            while self._requests:
                # It stays in its place meanwhile, for `drop` to find it.
                await self._serve_one(self._requests[0])
                self._requests.popleft()
        finally:
            self._serving = None

    async def _serve_one(self, request: Request) -> None:
        # The stream may have been read ahead of its announcement.
        latest, resets = max(self.feed.last or 0, self._position), self.feed.resets
        self.feed.followers.pop(self, None)
        request.confirm(latest, await request.read_state())
        self.channels |= request.channels
        start = latest
        if request.resume_from is not None and request.channels:
            start = request.resume_from
        if start > latest:
            self._outlet.declare_history_lost()
            start = latest
        await self._replay(request.channels, start, latest)
        if self.feed.resets != resets:
            self.lose_history()
        # A delivery may have ended the connection, which cancels this task at its next wait.
        if not self._stopped:
            self.feed.followers[self] = None

    async def _replay(self, added: set[str], start: int, latest: int) -> None:
        """Deliver what followed `start` until the live feed is reached.

        Up to `latest` the client has had its other channels already, so only the `added`
        ones are replayed; after it, all of them are.
        """
        self._position = start
        while self._position < (self.feed.last or 0):
            entries = await self.feed.after(self._position)
            if not entries or entries[0][0] > self._position + 1:
                # The client reads over REST again; what came before the gap is of no use.
                self._outlet.declare_history_lost()
                behind = latest if entries else (self.feed.last or 0)
                self._position = max(self._position, behind)
            for sequence, frame in entries:
                if sequence > latest or channel_of_frame(frame) in added:
                    self.take(sequence, channel_of_frame(frame), frame)
                self._position = max(self._position, sequence)
                await self._outlet.writable()
