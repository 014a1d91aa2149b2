"""So many requests in any window of time: a sliding log in Redis, exact whoever asks at once."""

import math
import secrets
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import ErrorCode, Retryable

# Redis's clock is the only one, and the script runs alone. A request that comes again because
# its answer was lost is known by its name. Refused requests are not counted.
# KEYS: the log. ARGV: the request's name, how many, the window in ms.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
local count = redis.call('ZCARD', KEYS[1])
local taken = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
if taken == 0 and count < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  count = count + 1
  taken = 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
local reset = ARGV[3]
if oldest then reset = oldest + ARGV[3] - now end
return {taken, ARGV[2] - count, reset}
"""


class RateTaken(NamedTuple):
    """Whether a request is allowed, how many more are, and when the next one will be."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_s: int
    window_s: int

    def headers(self) -> dict[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-06, section 5."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
            "RateLimit-Policy": f"{self.limit};w={self.window_s}",
        }


class RedisRateLimit:
    """Counts one kind of request by whoever makes it; fails closed where Redis is away.

    Args:
        redis: Where the logs are.
        kind: What is counted.
        limit: How many in any `window_s` seconds.
        window_s: The window.
    """

    def __init__(self, redis: Redis, kind: str, limit: int, window_s: int) -> None:
        self._take = redis.register_script(_TAKE)
        self._kind = kind
        self._limit = limit
        self._window_s = window_s

    async def take(self, user_id: str) -> RateTaken:
        """Count a request of a user, where it is allowed.

        Raises:
            Retryable: Redis could not be reached.
        """
        try:
            taken, remaining, reset_ms = await self._take(
                keys=[f"rate:{self._kind}:{user_id}"],
                args=[secrets.token_hex(8), self._limit, self._window_s * 1_000],
            )
        except (RedisError, OSError) as error:
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "Requests cannot be counted.") from error
        reset_s = max(1, math.ceil(int(reset_ms) / 1_000))
        return RateTaken(bool(taken), self._limit, int(remaining), reset_s, self._window_s)
