"""Cached pages of the newest candles, which a candle that closes invalidates."""

from collections.abc import Sequence

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.mongo import Database
from adapters.mongo_candles import MongoCandles, StoredCandle
from adapters.redis_invalidation import publish_invalidations
from domain.candles import Timeframe

# The newest page is what everybody looks at; API.md lets it be a second old, and the candle
# in progress changes all the time.
NEWEST_PAGE_TTL_MS = 1_000
# What clients ask for: the default, and what charts begin with. Pages of other lengths show
# a candle that closed up to a second later.
_USUAL_LIMITS = (100, 500, 1_000)

_log = structlog.get_logger(__name__)


def newest_page_key(symbol: str, timeframe: Timeframe, limit: int) -> str:
    """Name the cached page of the newest candles."""
    return f"candles:{symbol}:{timeframe.value}:{limit}"


class AnnouncedCandles(MongoCandles):
    """Tells every process which pages are old, once MongoDB has confirmed what replaces them."""

    def __init__(self, database: Database, redis: Redis) -> None:
        super().__init__(database)
        self._redis = redis

    async def store(self, candles: Sequence[StoredCandle]) -> None:
        """Keep closed candles, as `MongoCandles.store`; then invalidate."""
        await super().store(candles)
        await self._announce(candles)

    async def correct(self, candles: Sequence[StoredCandle]) -> None:
        """Keep closed candles, as `MongoCandles.correct`; then invalidate."""
        await super().correct(candles)
        await self._announce(candles)

    async def _announce(self, candles: Sequence[StoredCandle]) -> None:
        series = {(stored.candle.symbol, stored.candle.timeframe) for stored in candles}
        keys = [newest_page_key(*each, limit) for each in series for limit in _USUAL_LIMITS]
        try:
            await publish_invalidations(self._redis, keys)
        except (RedisError, OSError) as error:
            # They end by themselves, sooner than a repetition would come.
            _log.warning("candles.unannounced", error=repr(error))
