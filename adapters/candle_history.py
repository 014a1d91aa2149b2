"""A range of candles without hole or double, from wherever it is: Redis, MongoDB, the venue."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import numpy as np
import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.binance_klines import VENUE_OPENED, BinanceKlines
from adapters.exact_json import dump
from adapters.mongo import Document
from adapters.mongo_candles import MongoCandles
from adapters.redis_cache import RedisCache
from adapters.redis_quotes import candle_key
from domain.candle_view import CandleSource, Enrichment, candle_view
from domain.candles import Candle, Timeframe, next_open_time, open_time_before, open_time_of
from domain.errors import ErrorCode, Retryable
from domain.indicators import WINDOW, indicators_of_each

# What the venue answered is kept this long: at once for everybody who asks for the same.
VENUE_TTL_MS: Final = 10_000
LIVE_VENUE_TTL_MS: Final = 1_000
# The venue counts requests by address, and orders need theirs: one process reads at most so
# many ranges a second, and lets nobody wait longer for one.
VENUE_READS_PER_S: Final = 5.0
VENUE_WAIT_S: Final = 2.0
# About a millisecond's work.
_DOCUMENTS_AT_ONCE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class CandleRange:
    """The candles of a symbol from one open time to another, both included."""

    symbol: str
    timeframe: Timeframe
    first: datetime
    last: datetime

    def open_times(self) -> list[datetime]:
        """Return when each candle of the range begins."""
        found = []
        time = self.first
        while time <= self.last:
            found.append(time)
            time = next_open_time(self.timeframe, time)
        return found


class CandleHistory:
    """Reads ranges of candle documents.

    Args:
        stored: Closed candles of what is followed, or was.
        redis: Where the latest candles are.
        klines: The venue, for what is not there.
        cache: Shares what the venue answered.
    """

    def __init__(
        self, stored: MongoCandles, redis: Redis, klines: BinanceKlines, cache: RedisCache
    ) -> None:
        self._stored = stored
        self._redis = redis
        self._klines = klines
        self._cache = cache
        self._next_read_s = 0.0

    async def read(self, wanted: CandleRange) -> list[bytes]:
        """Return the documents of a range, serialised, oldest first.

        The candle in progress is the last, where the range reaches it and anybody can tell.
        What is absent, the venue does not have.

        Raises:
            Retryable: MongoDB or the venue could not be reached, and candles that are over
                would be missing.
            Rejected: The venue does not know the symbol.
        """
        open_times = wanted.open_times()
        if not open_times:
            return []
        stored = await self._stored.between(
            wanted.symbol, wanted.timeframe, wanted.first, wanted.last, len(open_times)
        )
        found = await _serialised(stored)
        missing = [time for time in open_times if time not in found]
        if missing:
            found.update(await self._latest(wanted, set(missing)))
            missing = [time for time in missing if time not in found]
        if missing:
            found.update(await self._venues(wanted, missing))
        return [found[time] for time in open_times if time in found]

    async def _latest(self, wanted: CandleRange, missing: set[datetime]) -> dict[datetime, bytes]:
        """Return the latest candle that was streamed, where it is one of those missing."""
        try:
            document = await self._redis.get(candle_key(wanted.symbol, wanted.timeframe))
        except (RedisError, OSError):
            return {}
        if document is None:
            return {}
        # The connection does not decode, which redis-py's types cannot say.
        document = cast("bytes", document)
        read = orjson.loads(document)
        open_time = datetime.fromisoformat(read["open_time"])
        over = datetime.fromisoformat(read["close_time"]) < datetime.now(UTC)
        if open_time not in missing or (over and not read["closed"]):
            # It outlives its span by some time; then its last state is not known to be final.
            return {}
        return {open_time: document}

    async def _venues(
        self, wanted: CandleRange, missing: Sequence[datetime]
    ) -> dict[datetime, bytes]:
        now = datetime.now(UTC)
        in_progress = open_time_of(wanted.timeframe, now)
        asked = CandleRange(wanted.symbol, wanted.timeframe, missing[0], missing[-1])
        # The candle that has just ended may not be told as closed yet.
        live = next_open_time(asked.timeframe, asked.last) >= in_progress
        ttl_ms = LIVE_VENUE_TTL_MS if live else VENUE_TTL_MS
        key = (
            f"venue_candles:{asked.symbol}:{asked.timeframe}"
            f":{_milliseconds(asked.first)}:{_milliseconds(asked.last)}"
        )

        async def load() -> bytes:
            asking = await self._ask(asked)
            return orjson.dumps([[_milliseconds(at), text.decode()] for at, text in asking.items()])

        try:
            answer = await self._cache.get(key, ttl_ms, load)
        except Retryable:
            if asked.first >= in_progress:
                # Without it the range is still whole up to now.
                return {}
            raise
        known = {
            _EPOCH + ms * _MILLISECOND: text.encode() for ms, text in orjson.loads(answer or b"[]")
        }
        return {time: known[time] for time in missing if time in known}

    async def _ask(self, asked: CandleRange) -> dict[datetime, bytes]:
        """Read a range from the venue, with as much before it as its indicators need."""
        await self._wait_for_turn()
        start = max(open_time_before(asked.timeframe, asked.first, WINDOW - 1), VENUE_OPENED)
        # The candle after the last one proves that the last one is closed.
        end = next_open_time(asked.timeframe, asked.last)
        candles = await self._klines.candles(
            asked.symbol, asked.timeframe, min(start, asked.first), end
        )
        received_at = datetime.now(UTC)
        known = [candle for candle in candles if candle.open_time <= asked.last]
        count = sum(candle.open_time >= asked.first for candle in known)
        high, low, close, volume = _columns(known)
        indicators = indicators_of_each(high, low, close, volume, count)
        enrichment = Enrichment(CandleSource.REST, received_at, datetime.now(UTC), None)
        told = zip(known[len(known) - count :], indicators, strict=True)
        return await _serialised([candle_view(*each, enrichment) for each in told])

    async def _wait_for_turn(self) -> None:
        now_s = asyncio.get_running_loop().time()
        turn_s = max(self._next_read_s, now_s)
        if turn_s - now_s > VENUE_WAIT_S:
            raise Retryable(
                ErrorCode.VENUE_UNAVAILABLE,
                "Too many candles are being asked of the venue.",
                retry_after_s=VENUE_WAIT_S,
            )
        self._next_read_s = turn_s + 1 / VENUE_READS_PER_S
        await asyncio.sleep(turn_s - now_s)


async def _serialised(documents: Sequence[Document]) -> dict[datetime, bytes]:
    """Serialise candle documents, a few at a time: a thousand of them would hold up orders."""
    found: dict[datetime, bytes] = {}
    for start in range(0, len(documents), _DOCUMENTS_AT_ONCE):
        if start:
            await asyncio.sleep(0)
        for document in documents[start : start + _DOCUMENTS_AT_ONCE]:
            found[document["open_time"]] = dump(document)
    return found


def _columns(candles: Sequence[Candle]) -> "np.typing.NDArray[np.float64]":
    """Return rows of high, low, close and volume."""
    rows = [(float(c.high), float(c.low), float(c.close), float(c.volume)) for c in candles]
    return np.array(rows, dtype=np.float64).reshape(-1, 4).T.copy()


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
