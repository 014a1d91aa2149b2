"""A circuit breaker in Redis, which all processes that ask the same model share."""

import contextlib

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.circuit import pause_s
from domain.errors import ErrorCode, Retryable
from domain.timing import CIRCUIT_FAILURES, CIRCUIT_MEMORY_S, CIRCUIT_OPEN_S

# `failures` counts those in a row. `pause` is there while nobody may try; who finds it gone
# sets it again in the same act, so that one try at a time is made.
# KEYS: failures, pause. ARGV: how many open it, the usual pause in ms.
_WAIT = """
if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then return 0 end
if redis.call('SET', KEYS[2], 1, 'NX', 'PX', ARGV[2]) then return 0 end
return redis.call('PTTL', KEYS[2])
"""
# A call that began before the circuit opened may fail late: it shortens no longer pause.
# KEYS: failures, pause. ARGV: how many open it, this pause in ms, for how long failures count.
_FAILED = """
local failures = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
if failures >= tonumber(ARGV[1]) and redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], 1, 'PX', ARGV[2])
end
"""


class RedisCircuit:
    """Implements `domain.circuit.Circuit`; fails closed where Redis is away.

    Args:
        redis: Where it is.
        name: What is asked; one circuit for each.
        failures: How many in a row open it.
    """

    def __init__(self, redis: Redis, name: str, failures: int = CIRCUIT_FAILURES) -> None:
        self._redis = redis
        self._keys = [f"circuit:{name}:{part}" for part in ("failures", "pause")]
        self._failures = failures
        self._wait = redis.register_script(_WAIT)
        self._failed = redis.register_script(_FAILED)

    async def wait_s(self) -> float:
        """Return 0 where a try may be made, else for how long not.

        Raises:
            Retryable: Redis could not be reached.
        """
        try:
            wait_ms = await self._wait(self._keys, [self._failures, _ms(CIRCUIT_OPEN_S)])
        except (RedisError, OSError) as error:
            raise Retryable(
                ErrorCode.SERVICE_UNAVAILABLE, "Nobody knows how the model did lately."
            ) from error
        return int(wait_ms) / 1_000

    async def succeeded(self) -> None:
        """Close."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.delete(*self._keys)

    async def failed(self, retry_after_s: float = 0.0) -> None:
        """Count a failure."""
        pause_ms = _ms(pause_s(retry_after_s))
        with contextlib.suppress(RedisError, OSError):
            await self._failed(self._keys, [self._failures, pause_ms, _ms(CIRCUIT_MEMORY_S)])


def _ms(seconds: float) -> int:
    return int(seconds * 1_000)
