"""One Redis subscription that comes back by itself and says so."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from adapters.ending_tasks import end_if_cancelled

# A Redis that answers no ping for this long is gone, even where TCP has not noticed.
SILENT_AFTER_S = 6.0
PING_EVERY_S = 2.0
READ_TIMEOUT_S = 1.0
RECONNECT_MIN_S = 0.1
RECONNECT_MAX_S = 2.0

_log = structlog.get_logger(__name__)


class RedisSubscription:
    """Listens on channels and patterns.

    Redis keeps nothing for a subscriber that is away, so whoever listens must read what it
    missed from elsewhere. `on_subscribed` is the moment to do so: it is called for every
    channel and pattern as often as Redis confirms it, the first time and after each
    reconnection, and from then on nothing is missed until the connection breaks.

    Args:
        url: The address of Redis.
        patterns: Patterns to listen on throughout; at least one, which keeps the
            connection in use while there are no channels.
        on_message: Takes a channel and what was published there; must not block.
        on_subscribed: Takes the channel or pattern; must not block.
        on_broken: Called when the connection has broken, before another is tried; must
            not block.
    """

    def __init__(
        self,
        url: str,
        *,
        patterns: tuple[str, ...],
        on_message: Callable[[str, bytes], None],
        on_subscribed: Callable[[str], None],
        on_broken: Callable[[], None] = lambda: None,
    ) -> None:
        # Reconnecting is this class's business: a silent retry in the client would hide a gap.
        self._redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2, health_check_interval=0
        )
        self._patterns = patterns
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._on_broken = on_broken
        self._channels: set[str] = set()
        self._pubsub: PubSub | None = None
        self._telling = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether Redis is being listened to right now."""
        return self._pubsub is not None

    async def add(self, channel: str) -> None:
        """Listen on a channel, too; `on_subscribed` tells from when on."""
        self._channels.add(channel)
        await self._tell(channel)

    async def remove(self, channel: str) -> None:
        """Listen on a channel no longer."""
        self._channels.discard(channel)
        await self._tell(channel)

    async def run(self) -> None:
        """Listen until cancelled, reconnecting with jitter whenever the connection breaks."""
        wait_s = RECONNECT_MIN_S
        try:
            while True:
                end_if_cancelled()
                try:
                    async with self._redis.pubsub() as pubsub:
                        await self._listen(pubsub)
                except (RedisError, OSError) as error:
                    lasted = self._pubsub is not None
                    self._pubsub = None
                    self._on_broken()
                    wait_s = RECONNECT_MIN_S if lasted else min(wait_s * 2, RECONNECT_MAX_S)
                    _log.warning("redis.subscription_broke", error=repr(error))
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        finally:
            self._pubsub = None
            await self._redis.aclose()

    async def _listen(self, pubsub: PubSub) -> None:
        for pattern in self._patterns:
            await pubsub.psubscribe(pattern)
        if self._channels:
            await pubsub.subscribe(*self._channels)
        clock = asyncio.get_running_loop().time
        heard_s = asked_s = clock()
        self._pubsub = pubsub
        while True:
            end_if_cancelled()
            message = await pubsub.get_message(timeout=READ_TIMEOUT_S)
            now_s = clock()
            if message is not None:
                heard_s = now_s
                self._take(message)
            elif now_s - heard_s > SILENT_AFTER_S:
                raise ConnectionError("Redis has fallen silent")
            if now_s - asked_s > PING_EVERY_S:
                asked_s = now_s
                await pubsub.ping()

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "message" | "pmessage":
                self._on_message(message["channel"].decode(), message["data"])
            case "subscribe" | "psubscribe":
                self._on_subscribed(message["channel"].decode())
            case _:
                pass

    async def _tell(self, channel: str) -> None:
        # One at a time, and by what is wanted then, so that a removal that is overtaken by
        # a new wish does not undo it.
        async with self._telling:
            if self._pubsub is None:
                return
            # A broken connection is mended by `run`, which asks for every channel anew.
            with contextlib.suppress(RedisError, OSError):
                if channel in self._channels:
                    await self._pubsub.subscribe(channel)
                else:
                    await self._pubsub.unsubscribe(channel)
