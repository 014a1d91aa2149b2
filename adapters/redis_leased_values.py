"""Cached values in Redis, and the lease that lets one process at a time load one.

The lease stands in the place of the value, under the same key, as in memcached's leases
(Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1): a miss writes
`?<owner>` with a short life, and a value is taken only where that very lease still stands.
So `DEL <key>`, by whomever, takes the right to store what was loaded before it, and a value
that was read before an update is never stored after it.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from adapters.ending_tasks import end_if_cancelled

# A holder that died is followed after this; one that lives renews well before.
LEASE_MS = 1_000
RENEW_EVERY_S = 0.3
# A cache that is slower than this is worse than none.
REDIS_WAIT_S = 0.1
# How long a Redis that failed is left alone.
PAUSE_S = 0.5

_VALUE, _ABSENT, _LEASE = b"+", b"-", b"?"

# KEYS: the key. ARGV: the lease, its life in ms. A lease that is ours already was taken by a
# command whose answer was lost.
_LOOK_UP = """
local held = redis.call('GET', KEYS[1])
if held then
  local kind = string.sub(held, 1, 1)
  if kind == '+' or kind == '-' then return {held, redis.call('PTTL', KEYS[1])} end
  if kind == '?' and held ~= ARGV[1] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# ARGV: the lease, the value, its life in ms.
_FILL = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
# ARGV: the lease, its life in ms; 0 gives it back.
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What is cached, None where it is known that there is nothing; good for so long."""

    value: bytes | None
    ttl_ms: int


class Standing(Enum):
    """Where a reader stands that found nothing."""

    GRANTED = "the lease is the reader's: load, then fill"
    BUSY = "somebody else is loading"
    AWAY = "Redis does not answer"


class LeasedValues:
    """Every call is bounded in time and never raises for a Redis that is away."""

    def __init__(self, redis: Redis) -> None:
        self._look_up = redis.register_script(_LOOK_UP)
        self._fill = redis.register_script(_FILL)
        self._renew = redis.register_script(_RENEW)
        self._paused_until_s = 0.0

    async def look_up(self, key: str, owner: str) -> Found | Standing:
        """Read a value, or take the lease to load it as `owner` (unique to this load)."""
        answer = await self._bounded(self._look_up, key, _lease(owner), LEASE_MS)
        if answer is None:
            return Standing.AWAY
        if isinstance(answer, list):
            held, ttl_ms = answer
            return Found(held[1:] if held[:1] == _VALUE else None, ttl_ms)
        return Standing.GRANTED if answer else Standing.BUSY

    async def fill(self, key: str, owner: str, value: bytes | None, ttl_ms: int) -> bool:
        """Store what was loaded; False where the lease is gone and it was not stored."""
        stored = _ABSENT if value is None else _VALUE + value
        return bool(await self._bounded(self._fill, key, _lease(owner), stored, ttl_ms))

    async def renew(self, key: str, owner: str) -> None:
        """Hold a lease for longer, where it is still held."""
        await self._bounded(self._renew, key, _lease(owner), LEASE_MS)

    async def release(self, key: str, owner: str) -> None:
        """Give a lease back, so that the next reader loads at once."""
        await self._bounded(self._renew, key, _lease(owner), 0)

    async def _bounded(self, script: AsyncScript, key: str, *arguments: bytes | int) -> Any:
        """Run a script; None where Redis is away, slow, or was a moment ago."""
        clock = asyncio.get_running_loop().time
        if clock() < self._paused_until_s:
            return None
        try:
            async with asyncio.timeout(REDIS_WAIT_S):
                return await script(keys=[key], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._paused_until_s = clock() + PAUSE_S
            _log.warning("cache.redis_away", error=repr(error))
            return None
        finally:
            # Whoever renews a lease would do so for ever.
            end_if_cancelled()


def _lease(owner: str) -> bytes:
    return _LEASE + owner.encode()
