"""The private feed: one Redis stream per user, one round trip per push."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.exact_json import dump
from domain.errors import ErrorCode, Retryable
from domain.events import CHANNEL_OF_FRAME, PrivateFrame

# What a client can resume over: about the last 1,000 events, for a week after the last one.
FEED_LENGTH = 1_000
FEED_TTL_S = 7 * 24 * 3_600
# A workflow repeats a push within seconds, or, after a long outage, within hours.
SEEN_TTL_S = 24 * 3_600

_FRAME_START = b'{"type":"'

# The entry's id is the sequence, so that a reader asks for "after N" without an index. The
# frame is complete but for its sequence, which only this script knows.
# KEYS: stream, sequence, one `seen` key a frame. ARGV: length, stream ttl, seen ttl, frames.
_PUSH = """
local answer = {}
for i = 3, #KEYS do
  local sequence = redis.call('GET', KEYS[i])
  if not sequence then
    sequence = redis.call('INCR', KEYS[2])
    local frame = ARGV[i + 1] .. sequence .. '}'
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], sequence .. '-0', 'frame', frame)
    redis.call('SET', KEYS[i], sequence, 'EX', ARGV[3])
    redis.call('PUBLISH', KEYS[1], frame)
  end
  answer[#answer + 1] = tonumber(sequence)
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return answer
"""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One private event as it is sent: `frame` is complete."""

    sequence: int
    frame: bytes


def feed_key(user_id: str) -> str:
    """Name both the stream of a user and the channel on which it is announced."""
    return f"feed:{user_id}"


def sequence_key(user_id: str) -> str:
    """Name the counter behind a user's sequences; it never expires."""
    return f"feed:{user_id}:sequence"


class RedisUserFeed:
    """Appends private events; implements `domain.ports.UserFeed`.

    The Redis behind it must not evict (`maxmemory-policy noeviction`): a lost counter would
    start a user's sequence again.
    """

    def __init__(self, redis: Redis) -> None:
        self._push = redis.register_script(_PUSH)

    async def push(
        self, user_id: str, frame_type: str, data: dict[str, Any], *, event_id: str, at: datetime
    ) -> int:
        """Append one private event and return its sequence.

        Raises:
            Retryable: The feed could not be reached; pushing again is safe.
        """
        return (await self.push_many(user_id, [PrivateFrame(frame_type, data, event_id, at)]))[0]

    async def push_many(self, user_id: str, frames: Sequence[PrivateFrame]) -> list[int]:
        """Append several events of one user, in order, in one round trip.

        Raises:
            Retryable: The feed could not be reached; pushing again is safe.
        """
        if not frames:
            return []
        seen = [f"feed:{user_id}:seen:{frame.event_id}" for frame in frames]
        limits = [FEED_LENGTH, FEED_TTL_S, SEEN_TTL_S]
        try:
            sequences: list[int] = await self._push(
                keys=[feed_key(user_id), sequence_key(user_id), *seen],
                args=[*limits, *(_unfinished(frame) for frame in frames)],
            )
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        return sequences


class RedisFeedReader:
    """Reads private events back, for those who missed them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def last_sequence(self, user_id: str) -> int:
        """Return the sequence of the user's latest event, 0 where there was none.

        Raises:
            Retryable: The feed could not be reached.
        """
        try:
            return int(await self._redis.get(sequence_key(user_id)) or 0)
        except (RedisError, OSError) as error:
            raise _unreachable() from error

    async def after(self, user_id: str, sequence: int, limit: int) -> list[FeedEntry]:
        """Return up to `limit` events that followed `sequence`, oldest first.

        Where the first one is not `sequence + 1`, those between have been trimmed.

        Raises:
            Retryable: The feed could not be reached.
        """
        try:
            answer = await self._redis.xrange(
                feed_key(user_id), min=f"{sequence + 1}-0", count=limit
            )
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        # The connection does not decode, which redis-py's types cannot say.
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", answer)
        return [FeedEntry(int(key.split(b"-")[0]), fields[b"frame"]) for key, fields in entries]


def sequence_of(frame: bytes) -> int:
    """Return the sequence of a frame that this module wrote (its last member)."""
    return int(frame[frame.rindex(b":") + 1 : -1])


def channel_of_frame(frame: bytes) -> str | None:
    """Return the private channel of a frame by its first member, None where none carries it."""
    frame_type, _, _ = frame.removeprefix(_FRAME_START).partition(b'"')
    return CHANNEL_OF_FRAME.get(frame_type.decode(errors="replace"))


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The private feed could not be reached.")


def _unfinished(frame: PrivateFrame) -> bytes:
    body = {
        "type": frame.frame_type,
        "channel": frame.channel,
        "data": frame.data,
        "timestamp": frame.at,
    }
    return dump(body)[:-1] + b',"sequence":'
