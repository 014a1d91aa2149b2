"""Leases on shards of work, shared fairly by the workers that are alive.

A lease is a key that holds a token and expires; whoever holds it renews it well before. The
token is new with every acquisition, so that a holder that slept through the end of its lease
can be told from the one that has it now, even where that is the same process: every write
that only the holder may make compares the token (`adapters.redis_broadcast`).
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import ErrorCode, Retryable

# Renewed about every BEAT_EVERY_S; a dead worker's shards are free after LEASE_TTL_MS and
# taken by another's next beat, so within about 2.5 seconds.
BEAT_EVERY_S = 0.5
LEASE_TTL_MS = 2_000

_WORKERS_KEY = "market:workers"

# Says that this worker lives, renews what it holds, and takes what is free up to a fair share.
# KEYS: the workers, then one lease a shard. ARGV: worker, ttl, then a shard's token each:
# the one it is held by, or one to take it with, after a mark of which is meant.
# Answers 1 for each shard that is held now, and how many more are held than is fair.
_BEAT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local shards = #KEYS - 1
local share = math.ceil(shards / redis.call('ZCARD', KEYS[1]))
local held, answer = 0, {}
for i = 1, shards do
  local mark, token = string.sub(ARGV[i + 2], 1, 1), string.sub(ARGV[i + 2], 2)
  answer[i] = 0
  if mark == '+' and redis.call('GET', KEYS[i + 1]) == token then
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[2])
    answer[i] = 1
    held = held + 1
  end
end
for i = 1, shards do
  local mark, token = string.sub(ARGV[i + 2], 1, 1), string.sub(ARGV[i + 2], 2)
  if mark == '?' and held < share
     and redis.call('SET', KEYS[i + 1], token, 'NX', 'PX', ARGV[2]) then
    answer[i] = 1
    held = held + 1
  end
end
answer[shards + 1] = math.max(0, held - share)
return answer
"""

# KEYS: the workers, then leases. ARGV: the worker to strike off or '', then their tokens.
_RELEASE = """
redis.call('ZREM', KEYS[1], ARGV[1])
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[i] then redis.call('DEL', KEYS[i]) end
end
"""


def lease_key(shard: int) -> str:
    """Name the key of a shard's lease."""
    return f"market:lease:{shard}"


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat brought.

    Attributes:
        held: The token of each shard that this worker holds now.
        surplus: How many of them are more than its fair share.
    """

    held: Mapping[int, str] = field(default_factory=dict)
    surplus: int = 0


class RedisLeases:
    """One worker's leases."""

    def __init__(self, redis: Redis) -> None:
        self._beat = redis.register_script(_BEAT)
        self._release = redis.register_script(_RELEASE)
        self._worker = secrets.token_hex(8)

    async def beat(self, shards: Collection[int], held: Mapping[int, str]) -> Beat:
        """Renew the leases in `held` and take free ones of `shards`, up to a fair share.

        A shard of `held` that is missing from the answer, or there with another token, is
        lost: somebody else may have it or have had it. It is taken anew by a later beat.

        Raises:
            Retryable: Redis could not be reached; what was taken, if anything, expires.
        """
        order = sorted(shards)
        tokens = {shard: held.get(shard) or secrets.token_hex(8) for shard in order}
        marked = [f"{'+' if shard in held else '?'}{tokens[shard]}" for shard in order]
        try:
            answer = await self._beat(
                keys=[_WORKERS_KEY, *map(lease_key, order)],
                args=[self._worker, LEASE_TTL_MS, *marked],
            )
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        *found, surplus = cast("list[int]", answer)
        kept = {shard: tokens[shard] for shard, mine in zip(order, found, strict=True) if mine}
        return Beat(kept, surplus)

    async def release(self, held: Mapping[int, str], *, leave: bool = False) -> None:
        """Give leases back, so that others need not wait for their end.

        Args:
            held: Tokens by shard.
            leave: Whether this worker goes and wants no more.

        Raises:
            Retryable: Redis could not be reached; they expire by themselves.
        """
        try:
            await self._release(
                keys=[_WORKERS_KEY, *map(lease_key, held)],
                args=[self._worker if leave else "", *held.values()],
            )
        except (RedisError, OSError) as error:
            raise _unreachable() from error


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The leases could not be reached.")
