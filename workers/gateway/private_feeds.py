"""Private events: each user's feed followed once, however many connections they have.

Redis announces an event to whoever listens at that moment and keeps it in the user's stream.
The announcement is only trusted where its sequence is the next one; everything else (the
first look, a hole, a subscription that broke) is read from the stream, so that nothing is
lost, doubled or out of order.
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from adapters.redis_feed import RedisFeedReader, channel_of_frame, feed_key, sequence_of
from domain.errors import Retryable

PAGE = 100
RETRY_MIN_S = 0.1
RETRY_MAX_S = 1.0

_log = structlog.get_logger(__name__)


class Subscription(Protocol):
    """Listens on Redis channels; see `adapters.redis_subscription`."""

    async def add(self, channel: str) -> None:
        """Listen on a channel, too."""

    async def remove(self, channel: str) -> None:
        """Listen on a channel no longer."""


class Follower(Protocol):
    """One connection's private side; never blocks."""

    def take(self, sequence: int, channel: str | None, frame: bytes) -> None:
        """Take the next event of the user."""

    def lose_history(self) -> None:
        """Learn that events are gone, or that the feed counts again from further back."""


class UserFeed:
    """One user's feed, up to `last`, the latest sequence that was handed on.

    `last` is None until the stream has been looked at, which `ready` announces. `resets`
    counts how often it was found to count anew, from further back.
    """

    def __init__(self, user_id: str, reader: RedisFeedReader) -> None:
        self.user_id = user_id
        self.last: int | None = None
        self.resets = 0
        # The frame that `last` was, by which it is known again; None where it was not seen.
        self._last_frame: bytes | None = None
        self.ready = asyncio.Event()
        self.followers: dict[Follower, None] = {}
        self._reader = reader
        self._catching_up: asyncio.Task[None] | None = None
        self._again = False

    def announced(self, frame: bytes) -> None:
        """Take an event that Redis has just published."""
        sequence = sequence_of(frame)
        if self.last is None or self._catching_up is not None or sequence > self.last + 1:
            self.catch_up()
        elif sequence == self.last + 1 and channel_of_frame(frame) is not None:
            self._hand_on(sequence, frame)

    def catch_up(self) -> None:
        """Read from the stream whatever came after `last`."""
        self._again = True
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())

    def stop(self) -> None:
        """Follow no longer."""
        if self._catching_up is not None:
            self._catching_up.cancel()

    async def after(self, sequence: int) -> list[tuple[int, bytes]]:
        """Return the next events after a sequence, waiting while Redis is away."""
        wait_s = RETRY_MIN_S
        while True:
            try:
                entries = await self._reader.after(self.user_id, sequence, PAGE)
            except Retryable:
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait_s = min(wait_s * 2, RETRY_MAX_S)
            else:
                return [(entry.sequence, entry.frame) for entry in entries]

    async def _catch_up(self) -> None:
        try:
            while self._again:
                self._again = False
                try:
                    await self._catch_up_once()
                except Retryable:
                    self._again = True
                    await asyncio.sleep(random.uniform(RETRY_MIN_S, RETRY_MAX_S))  # noqa: S311 - jitter
        finally:
            self._catching_up = None

    async def _catch_up_once(self) -> None:
        if self.last is None:
            self.last = await self._reader.last_sequence(self.user_id)
            self.ready.set()
            return
        if not await self._goes_on():
            # Redis came back without its latest writes and counts again from there.
            self.last = await self._reader.last_sequence(self.user_id)
            self._last_frame = None
            self.resets += 1
            self._lose_history()
            return
        while entries := await self._reader.after(self.user_id, self.last, PAGE):
            if entries[0].sequence > self.last + 1:
                self._lose_history()
            for entry in entries:
                self._hand_on(entry.sequence, entry.frame)

    async def _goes_on(self) -> bool:
        """Tell whether what Redis keeps follows what was handed on last."""
        last = self.last or 0
        if self._last_frame is not None:
            kept = await self._reader.after(self.user_id, last - 1, 1)
            if kept and kept[0].sequence == last:
                return kept[0].frame == self._last_frame
        # Not seen, or trimmed away, which the next sequence will show.
        return await self._reader.last_sequence(self.user_id) >= last

    def _lose_history(self) -> None:
        for follower in list(self.followers):
            follower.lose_history()

    def _hand_on(self, sequence: int, frame: bytes) -> None:
        self.last = sequence
        self._last_frame = frame
        channel = channel_of_frame(frame)
        for follower in list(self.followers):
            follower.take(sequence, channel, frame)


class PrivateFeeds:
    """The feeds of every user who is connected here."""

    def __init__(self, reader: RedisFeedReader, subscription: Subscription) -> None:
        self._reader = reader
        self._subscription = subscription
        self._feeds: dict[str, UserFeed] = {}
        self._by_key: dict[str, UserFeed] = {}
        self._holders: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, user_id: str) -> UserFeed:
        """Return the user's feed, followed from now on; give it back with `close`."""
        feed = self._feeds.get(user_id)
        if feed is None:
            feed = self._feeds[user_id] = UserFeed(user_id, self._reader)
            self._by_key[feed_key(user_id)] = feed
            self._spawn(self._subscription.add(feed_key(user_id)))
        self._holders[user_id] = self._holders.get(user_id, 0) + 1
        return feed

    def close(self, feed: UserFeed) -> None:
        """Give a feed back; the last holder ends the following."""
        self._holders[feed.user_id] -= 1
        if self._holders[feed.user_id] == 0:
            del self._holders[feed.user_id]
            del self._feeds[feed.user_id]
            del self._by_key[feed_key(feed.user_id)]
            feed.stop()
            self._spawn(self._subscription.remove(feed_key(feed.user_id)))

    def announced(self, key: str, frame: bytes) -> None:
        """Take what Redis published on a feed's channel."""
        feed = self._by_key.get(key)
        if feed is not None:
            feed.announced(frame)

    def subscribed(self, key: str) -> None:
        """Learn that Redis announces a feed from now on, for the first time or again."""
        feed = self._by_key.get(key)
        if feed is not None:
            feed.catch_up()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
