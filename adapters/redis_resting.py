"""Resting paper orders in Redis: shown by sessions, watched by whoever watches the market."""

from typing import cast

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import ErrorCode, Retryable
from domain.paper.state import SessionState
from domain.paper.watching import Watch, watches_of

# The symbols with resting orders, and the channel that names a symbol whose orders changed.
RESTING_SYMBOLS_KEY = "paper:resting"
RESTING_CHANNEL = "paper:resting"
# For so long a session's older word is known to be older.
REVISION_TTL_S = 7 * 24 * 3_600

_watch = TypeAdapter(Watch)

# KEYS: the symbols, the session's revision, one hash a symbol. ARGV: session, revision, ttl of
# the revision, then for each hash its symbol and the watch ('' for none).
_SHOW = """
local known = redis.call('GET', KEYS[2])
if known and tonumber(known) > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
for i = 3, #KEYS do
  local symbol, watch = ARGV[2 * i - 2], ARGV[2 * i - 1]
  local changed
  if watch == '' then
    changed = redis.call('HDEL', KEYS[i], ARGV[1])
    if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', KEYS[1], symbol) end
  else
    redis.call('HSET', KEYS[i], ARGV[1], watch)
    redis.call('SADD', KEYS[1], symbol)
    changed = 1
  end
  if changed == 1 then redis.call('PUBLISH', KEYS[1], symbol) end
end
return 1
"""


def resting_key(symbol: str) -> str:
    """Name the hash of a symbol's resting orders, by session."""
    return f"paper:resting:{symbol}"


class RedisRestingOrders:
    """Implements `domain.paper_messages.RestingOrders`, and reads what it wrote."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._show = redis.register_script(_SHOW)

    async def show(self, session: SessionState, revision: int) -> None:
        """Make a session's open orders known; a newer revision replaces an older one.

        Raises:
            Retryable: Redis could not be reached.
        """
        if not session.markets:
            return
        watches = watches_of(session)
        args: list[str | bytes | int] = [session.session_id, revision, REVISION_TTL_S]
        for symbol in session.markets:
            args.append(symbol)
            args.append(_watch.dump_json(watches[symbol]) if symbol in watches else "")
        keys = [RESTING_SYMBOLS_KEY, f"paper:revision:{session.session_id}"]
        try:
            await self._show(keys=[*keys, *map(resting_key, session.markets)], args=args)
        except (RedisError, OSError) as error:
            raise _unreachable() from error

    async def symbols(self) -> frozenset[str]:
        """Return the symbols in which orders rest.

        Raises:
            Retryable: Redis could not be reached.
        """
        try:
            found = cast("set[bytes]", await self._redis.smembers(RESTING_SYMBOLS_KEY))
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        return frozenset(symbol.decode() for symbol in found)

    async def watches(self, symbol: str) -> list[Watch]:
        """Return what sessions have shown of a symbol.

        Raises:
            Retryable: Redis could not be reached.
        """
        try:
            found = cast("dict[bytes, bytes]", await self._redis.hgetall(resting_key(symbol)))
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        return [_watch.validate_json(text) for text in found.values()]


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The resting orders could not be reached.")
