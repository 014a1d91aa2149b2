"""Which candles somebody wants beyond those that are followed anyway."""

import contextlib
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.candles import Timeframe
from domain.errors import ErrorCode, Retryable

# A sorted set of kline channels, scored with the epoch second at which the wish ends.
DEMAND_KEY = "market:demand"
# Whoever still wants a channel asks again well within this.
DEMAND_TTL_S = 60.0


def kline_channel(symbol: str, timeframe: Timeframe) -> str:
    """Return the WebSocket channel of a symbol's candles."""
    return f"{symbol}@kline_{timeframe.value}"


def parse_kline_channel(channel: str) -> tuple[str, Timeframe]:
    """Read what `kline_channel` wrote.

    Raises:
        ValueError: It is another channel, or no such timeframe exists.
    """
    symbol, found, timeframe = channel.partition("@kline_")
    if not symbol or not found:
        raise ValueError(f"{channel} is no channel of candles")
    return symbol, Timeframe(timeframe)


class StreamDemand:
    """Asks the streaming workers for candles; they look once in every heartbeat."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def ask(self, symbol: str, timeframe: Timeframe) -> None:
        """Want these candles for the next `DEMAND_TTL_S`; asking again prolongs it.

        The symbol must be one of the venue's: a worker follows what is asked for.

        Raises:
            Retryable: Redis could not be reached.
        """
        wanted = {kline_channel(symbol, timeframe): time.time() + DEMAND_TTL_S}
        try:
            await self._redis.zadd(DEMAND_KEY, wanted)
        except (RedisError, OSError) as error:
            raise _unreachable() from error

    async def wanted(self) -> frozenset[tuple[str, Timeframe]]:
        """Return what is wanted now, and forget what no longer is.

        Raises:
            Retryable: Redis could not be reached.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zremrangebyscore(DEMAND_KEY, "-inf", time.time())
        pipeline.zrange(DEMAND_KEY, 0, -1)
        try:
            _, channels = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        found: set[tuple[str, Timeframe]] = set()
        for channel in channels:
            # Another version may know other timeframes.
            with contextlib.suppress(ValueError):
                found.add(parse_kline_channel(channel.decode()))
        return frozenset(found)


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "What is wanted could not be learnt.")
