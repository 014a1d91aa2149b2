"""The throttle's counters in Redis, shared by every process; one round trip a question."""

import hashlib
from ipaddress import IPv6Address, ip_address
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.local_throttle import (
    KNOWN_TTL_S,
    Attempt,
    LocalThrottle,
    ThrottleLimits,
    registration_key,
)

log = structlog.get_logger(__name__)

_DIGEST_CHARACTERS = 32
# One subscriber has a whole network of this size to himself (RFC 6177).
_IPV6_PREFIX_BITS = 64

# Counts on `keys`, or on none of them: a try that is refused is not counted, so that waiting
# out the window is always enough. ARGV: the window in seconds, then each counter's bound.
_COUNT_ALL = """
local wait = 0
for i, key in ipairs(keys) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[i + 1]) then
    wait = math.max(wait, redis.call('TTL', key), 1)
  end
end
if wait == 0 then
  for _, key in ipairs(keys) do
    if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[1]) end
  end
end
return wait
"""
_COUNT = f"local keys = KEYS {_COUNT_ALL}"
# KEYS: pair, address, account, known.
_ATTEMPT = f"""
local keys = {{KEYS[1]}}
if redis.call('EXISTS', KEYS[4]) == 0 then keys = {{KEYS[1], KEYS[2], KEYS[3]}} end
{_COUNT_ALL}
"""
# KEYS: pair, address, account, known. ARGV: how long the address stays known, in seconds.
_SUCCEEDED = """
local function take_back(key)
  if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
end
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[4]) == 0 then
  take_back(KEYS[2])
  take_back(KEYS[3])
end
redis.call('SET', KEYS[4], 1, 'EX', ARGV[1])
"""


def attempt_of(email: str, address: str) -> Attempt:
    """Name a try to sign in, without keeping who or from where."""
    return Attempt(_digest(email), address_digest(address))


def address_digest(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return _digest(address)
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is not None:
            return _digest(str(mapped))
        return _digest(str(int(parsed) >> (128 - _IPV6_PREFIX_BITS)))
    return _digest(str(parsed))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]


class RedisThrottle:
    """Counts in Redis; while it is away each process counts for itself.

    Sign-in does not stop with Redis: a guesser then has the limits once per process.
    """

    def __init__(self, redis: Redis, limits: ThrottleLimits) -> None:
        self._redis = redis
        self._limits = limits
        self._local = LocalThrottle(limits)
        self._attempt = redis.register_script(_ATTEMPT)
        self._succeeded = redis.register_script(_SUCCEEDED)
        self._count = redis.register_script(_COUNT)

    async def attempt(self, attempt: Attempt) -> int:
        """Count one try as failed; return 0, or the seconds to wait where it is refused.

        Counted before the password is verified, so that many tries at once do not all pass.
        """
        limits = self._limits
        bounds = [limits.per_account_and_address, limits.per_address, limits.per_account]
        try:
            wait_s = await self._attempt(keys=_keys(attempt), args=[limits.window_s, *bounds])
        except (RedisError, OSError) as error:
            log.warning("throttle_is_local", error=repr(error))
            return self._local.attempt(attempt)
        return cast("int", wait_s)

    async def succeeded(self, attempt: Attempt) -> None:
        """Take back what `attempt` counted, and remember the address for the account."""
        try:
            await self._succeeded(keys=_keys(attempt), args=[KNOWN_TTL_S])
        except (RedisError, OSError):
            self._local.succeeded(attempt)

    async def remember(self, attempt: Attempt) -> None:
        """Let an account know an address: somebody has registered from it."""
        try:
            await self._redis.set(attempt.known_key, 1, ex=KNOWN_TTL_S)
        except (RedisError, OSError):
            self._local.remember(attempt)

    async def registration(self, address: str) -> int:
        """Count a registration; return 0, or the seconds to wait where it is refused."""
        digest = address_digest(address)
        limits = self._limits
        try:
            wait_s = await self._count(
                keys=[registration_key(digest)],
                args=[limits.window_s, limits.registrations_per_address],
            )
        except (RedisError, OSError) as error:
            log.warning("throttle_is_local", error=repr(error))
            return self._local.registration(digest)
        return cast("int", wait_s)


def _keys(attempt: Attempt) -> list[str]:
    return [attempt.pair_key, attempt.address_key, attempt.account_key, attempt.known_key]
