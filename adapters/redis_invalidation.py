"""Invalidations: told to every process, heard by every process, and kept until they are told."""

import asyncio
import random
from collections.abc import Callable, Iterable

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.ending_tasks import end_tasks
from adapters.redis_subscription import RedisSubscription

# API.md, "Cache (Redis)": `PUBLISH invalidate:<key>` then `DEL <key>` on every update.
CHANNEL_PREFIX = "invalidate:"
_PATTERN = f"{CHANNEL_PREFIX}*"
# An update must not wait long for a Redis that is slow; what was not sent is sent later.
SEND_WAIT_S = 0.25
RESEND_MIN_S = 0.1
RESEND_MAX_S = 1.0

invalidations = Counter(
    "botcore_cache_invalidations", "Invalidations by kind of key, sent and received.",
    ("kind", "way"),
)  # fmt: skip
_log = structlog.get_logger(__name__)


def kind_of(key: str) -> str:
    """Return what a key is about: its part before the first colon."""
    return key.partition(":")[0]


async def publish_invalidations(redis: Redis, keys: Iterable[str]) -> None:
    """Tell every process, for one that keeps no copies itself and can do with a lost message.

    Raises:
        RedisError: Redis is away or too slow.
        OSError: The same.
    """
    # One transaction: nobody who hears of it can read the old value again before it is gone.
    pipeline = redis.pipeline(transaction=True)
    for key in keys:
        pipeline.publish(CHANNEL_PREFIX + key, b"")
        pipeline.delete(key)
    try:
        async with asyncio.timeout(SEND_WAIT_S):
            await pipeline.execute()
    except TimeoutError as error:
        raise RedisError("Redis was too slow") from error


class Invalidations:
    """One subscription a process; local copies are good only while it stands.

    Redis keeps no message for a subscriber that is away. So whoever keeps copies `watch`es:
    each key that is invalidated, and each gap, after which anything may have been. While
    not `in_touch`, no copy may be served.

    An invalidation that Redis does not take is kept and sent as soon as Redis does; until
    then the key is `unsent`, and this process must read its origin. Should the process die
    first, other processes go on with their copies until these expire: updates that cannot
    bear that must check at the origin.

    Args:
        redis: For sending.
        url: The address of the same Redis, for listening.
    """

    def __init__(self, redis: Redis, url: str) -> None:
        self._redis = redis
        self._watchers: list[tuple[Callable[[str], None], Callable[[], None]]] = []
        # Each with what tells its latest sending from earlier ones.
        self._unsent: dict[str, object] = {}
        self._resend = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.in_touch = False
        self._subscription = RedisSubscription(
            url,
            patterns=(_PATTERN,),
            on_message=self._on_message,
            on_subscribed=self._on_subscribed,
            on_broken=self._on_broken,
        )

    def start(self) -> None:
        """Begin to listen."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._subscription.run(), name="invalidations"),
                asyncio.create_task(self._send_the_unsent(), name="unsent-invalidations"),
            ]

    async def close(self) -> None:
        """Listen no longer; copies are served no longer either."""
        self.in_touch = False
        await end_tasks(self._tasks)

    def watch(self, on_key: Callable[[str], None], on_gap: Callable[[], None]) -> None:
        """Be told of keys that are invalidated, here or elsewhere, and of gaps.

        Both are called from the event loop and must neither block nor raise. A key that is
        invalidated here is told twice or more.
        """
        self._watchers.append((on_key, on_gap))

    def unsent(self, key: str) -> bool:
        """Tell whether an invalidation of this process has not reached Redis yet."""
        return key in self._unsent

    async def send(self, *keys: str) -> None:
        """Invalidate keys everywhere; call it once what they stand for has been updated.

        When it returns, this process serves nothing older; others do so as soon as they
        hear of it. Never raises for a Redis that is away (see above).
        """
        token = object()
        self._unsent |= dict.fromkeys(keys, token)
        for key in keys:
            invalidations.labels(kind_of(key), "sent").inc()
            self._tell(key)
        try:
            await publish_invalidations(self._redis, keys)
        except (RedisError, OSError) as error:
            _log.warning("cache.invalidation_waits", error=repr(error))
        else:
            self._sent(dict.fromkeys(keys, token))
        finally:
            # Also where the caller was cancelled: the update has happened.
            if self._unsent:
                self._resend.set()
            for key in keys:
                self._tell(key)

    def _sent(self, sent: dict[str, object]) -> None:
        for key, token in sent.items():
            # Another one may have followed meanwhile; it speaks for itself.
            if self._unsent.get(key) is token:
                del self._unsent[key]

    async def _send_the_unsent(self) -> None:
        wait_s = RESEND_MIN_S
        while True:
            await self._resend.wait()
            self._resend.clear()
            sending = dict(self._unsent)
            if not sending:
                continue
            try:
                await publish_invalidations(self._redis, sending)
            except (RedisError, OSError):
                self._resend.set()
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait_s = min(wait_s * 2, RESEND_MAX_S)
            else:
                wait_s = RESEND_MIN_S
                self._sent(sending)
                for key in sending:
                    self._tell(key)

    def _on_message(self, channel: str, _: bytes) -> None:
        key = channel.removeprefix(CHANNEL_PREFIX)
        invalidations.labels(kind_of(key), "received").inc()
        self._tell(key)

    def _on_subscribed(self, _: str) -> None:
        self._tell_of_a_gap()
        self.in_touch = True

    def _on_broken(self) -> None:
        self.in_touch = False
        self._tell_of_a_gap()

    def _tell(self, key: str) -> None:
        for on_key, _ in self._watchers:
            on_key(key)

    def _tell_of_a_gap(self) -> None:
        for _, on_gap in self._watchers:
            on_gap()
