"""The daily budget of asking models, in Redis: one hash a day, changed by scripts that run alone.

Tokens are whole, money is whole billionths of a dollar: HINCRBY counts both exactly.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.ai_budget import (
    Allowance,
    Reserved,
    Spending,
    day_of,
    seconds_to_next_day,
)
from domain.errors import ErrorCode, Rejected, Retryable

# A reservation may be settled on the day after; then the hash has told all it had to tell.
_KEPT_S = 2 * 24 * 3_600

# KEYS: the day. ARGV: call, tokens, nanos, the system's allowance of both, a user's of both,
# life in seconds, users. The same call again is answered as the first time.
_RESERVE = """
local function left(who, tokens, nanos)
  local used = redis.call('HMGET', KEYS[1], who .. ':tokens', who .. ':nanos')
  return (tonumber(used[1] or 0) + ARGV[2] <= tonumber(tokens))
    and (tonumber(used[2] or 0) + ARGV[3] <= tonumber(nanos))
end
local call = 'call:' .. ARGV[1]
local known = redis.call('HGET', KEYS[1], call)
if known then return string.match(known, '^[^|]*|[^|]*|(.*)$') end
if not left('system', ARGV[4], ARGV[5]) then return 1 end
for i = 9, #ARGV do
  local user = 'user:' .. ARGV[i]
  if left(user, ARGV[6], ARGV[7]) then
    for _, who in ipairs({'system', user}) do
      redis.call('HINCRBY', KEYS[1], who .. ':tokens', ARGV[2])
      redis.call('HINCRBY', KEYS[1], who .. ':nanos', ARGV[3])
    end
    redis.call('HSET', KEYS[1], call, ARGV[2] .. '|' .. ARGV[3] .. '|' .. ARGV[i])
    redis.call('EXPIRE', KEYS[1], ARGV[8])
    return ARGV[i]
  end
end
return 2
"""
# KEYS: the day. ARGV: call, tokens, nanos. A call is settled once.
_SETTLE = """
local call = 'call:' .. ARGV[1]
local known = redis.call('HGET', KEYS[1], call)
if not known then return 0 end
local tokens, nanos, user = string.match(known, '^([^|]*)|([^|]*)|(.*)$')
for _, who in ipairs({'system', 'user:' .. user}) do
  redis.call('HINCRBY', KEYS[1], who .. ':tokens', ARGV[2] - tokens)
  redis.call('HINCRBY', KEYS[1], who .. ':nanos', ARGV[3] - nanos)
end
redis.call('HDEL', KEYS[1], call)
return 1
"""
_SYSTEM_SPENT = 1


class RedisAiBudget:
    """Implements `domain.analysis_stores.AiBudget`; fails closed where Redis is away."""

    def __init__(self, redis: Redis, system: Allowance, user: Allowance) -> None:
        self._redis = redis
        self._system = system
        self._user = user
        self._reserve = redis.register_script(_RESERVE)
        self._settle = redis.register_script(_SETTLE)

    async def require(self, user_id: str, now: datetime) -> None:
        """Refuse a user whose budget, or the system's, is spent.

        Raises:
            Rejected: `RATE_LIMITED` where the user's is, `AI_UNAVAILABLE` where the system's is.
            Retryable: The budget could not be read.
        """
        fields = [f"{who}:{what}" for who in ("system", f"user:{user_id}") for what in _WHAT]
        try:
            found: list[Any] = await self._redis.hmget(_key(day_of(now)), fields)
        except (RedisError, OSError) as error:
            raise _away() from error
        used = [int(value or 0) for value in found]
        if used[0] >= self._system.tokens or used[1] >= self._system.cost_nanos:
            raise _system_spent(now)
        if used[2] >= self._user.tokens or used[3] >= self._user.cost_nanos:
            raise _user_spent(now)

    async def reserve(
        self, call_id: str, user_ids: Sequence[str], most: Spending, now: datetime
    ) -> Reserved:
        """Set aside what a call can use at most, for the first user who has that much left.

        Raises:
            Rejected: `RATE_LIMITED` where none of the users has, `AI_UNAVAILABLE` where the
                system has not.
            Retryable: The budget could not be reached.
        """
        day = day_of(now)
        args: list[str | int] = [call_id, most.tokens, most.cost_nanos]
        for allowed in (self._system, self._user):
            args += [allowed.tokens, allowed.cost_nanos]
        try:
            answer = await self._reserve(keys=[_key(day)], args=[*args, _KEPT_S, *user_ids])
        except (RedisError, OSError) as error:
            raise _away() from error
        if isinstance(answer, bytes):
            return Reserved(day, call_id, answer.decode())
        if answer == _SYSTEM_SPENT:
            raise _system_spent(now)
        raise _user_spent(now)

    async def settle(self, reserved: Reserved, used: Spending) -> None:
        """Count the real usage in the place of what was set aside, once.

        Raises:
            Retryable: The budget could not be reached.
        """
        try:
            await self._settle(
                keys=[_key(reserved.day)], args=[reserved.call_id, used.tokens, used.cost_nanos]
            )
        except (RedisError, OSError) as error:
            raise _away() from error


_WHAT = ("tokens", "nanos")


def _key(day: str) -> str:
    return f"ai_budget:{day}"


def _user_spent(now: datetime) -> Rejected:
    return Rejected(
        ErrorCode.RATE_LIMITED,
        "Your budget for analyses is spent for today.",
        limit_type="daily_ai_budget",
        retry_after_s=seconds_to_next_day(now),
    )


def _system_spent(now: datetime) -> Rejected:
    return Rejected(
        ErrorCode.AI_UNAVAILABLE,
        "The budget for analyses is spent for today.",
        retry_after_s=seconds_to_next_day(now),
    )


def _away() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The budget for analyses cannot be read.")
