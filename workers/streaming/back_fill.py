"""Brings candles that no stream told: the history at the start, and what fell into a gap."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from adapters.binance_klines import VENUE_OPENED, BinanceKlines
from domain.candle_series import unbroken_end
from domain.candles import Candle, Timeframe, open_time_before, open_time_of
from domain.errors import Rejected, Retryable
from domain.indicators import WINDOW
from workers.streaming.candle_channel import Key
from workers.streaming.candle_store import CandleStore
from workers.streaming.candles import LiveCandles

# Binance allows a weight of 6,000 a minute and address; a page of candles has a weight of 2.
# At ten pages a second the back-fill of a start takes a fifth of it, for trades have theirs.
PAGE_EVERY_S = 0.1
RETRY_S = 1.0
# A longer absence than this is not filled: the series begins anew with the venue's last
# candles, and history before it is read from the venue.
MOST_MISSING = 20_000

_log = structlog.get_logger(__name__)


class RequestPace:
    """Lets one page after the other be asked for, in all of a process.

    Between two pages it rests as long as the last one took: neither a venue that is slow nor
    this machine is pressed, and prices have their time.
    """

    def __init__(self) -> None:
        self._one = asyncio.Lock()
        self._began_s = 0.0

    async def __aenter__(self) -> None:
        """Wait for a turn."""
        await self._one.acquire()
        self._began_s = asyncio.get_running_loop().time()

    async def __aexit__(self, *_: object) -> None:
        """Give the turn back, when it has been long enough."""
        loop = asyncio.get_running_loop()
        rest_s = max(PAGE_EVERY_S, loop.time() - self._began_s)
        loop.call_later(rest_s, self._one.release)


class BackFill:
    """Fills the series of one feed, the ones that were wanted first first.

    Args:
        klines: The venue.
        store: What is stored.
        candles: What is to be filled.
        pace: Shared by every feed of the process.
        on_taken: Called after candles were taken: whether a write became due sooner.
    """

    def __init__(
        self,
        klines: BinanceKlines,
        store: CandleStore,
        candles: LiveCandles,
        pace: RequestPace,
        on_taken: Callable[[bool], None],
    ) -> None:
        self._klines = klines
        self._store = store
        self._candles = candles
        self._pace = pace
        self._on_taken = on_taken
        self._wanted: asyncio.Queue[Key] = asyncio.Queue()
        self._queued: set[Key] = set()

    def want(self, key: Key) -> None:
        """Fill this series soon."""
        if key not in self._queued:
            self._queued.add(key)
            self._wanted.put_nowait(key)

    async def run(self) -> None:
        """Fill until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            key = await self._wanted.get()
            self._queued.discard(key)
            try:
                filled = await self._fill(key)
            except Retryable as fault:
                _log.warning("candles.not_filled", series=key, detail=fault.detail)
                filled = False
            except Rejected as fault:
                _log.warning("candles.refused", series=key, detail=fault.detail)
                filled = True
            if not filled:
                loop.call_later(RETRY_S, self.want, key)

    async def _fill(self, key: Key) -> bool:
        """Fill one series; tell whether nothing is missing any more."""
        if self._candles.is_primed(key) is False:
            await self._begin(key)
        gap = self._candles.gap(key, datetime.now(UTC))
        while gap is not None:
            page = await self._page(key, gap.first_missing)
            self._take(key, page, gap.first_missing)
            following = self._candles.gap(key)
            if following is not None and following.first_missing <= gap.first_missing:
                return False
            gap = following
        return True

    async def _begin(self, key: Key) -> None:
        """Prime a series with what is stored, or with what the venue has."""
        now = datetime.now(UTC)
        history = await self._stored(key, now)
        if len(history) < WINDOW - 1:
            start = _window_start(key[1], now)
            page = await self._page(key, start)
            # The venue's page is told whole and stored where it is new; unless it began
            # later than what is stored ends, where the gap between is filled as any other.
            if page and not (history and page[0].open_time > history[-1].close_time + _INSTANT):
                self._take(key, page, page[0].open_time)
                history = await self._before(key, page[0].open_time)
        clock = asyncio.get_running_loop().time
        self._on_taken(self._candles.prime(key, history, clock(), datetime.now(UTC)))

    async def _before(self, key: Key, end: datetime) -> list[Candle]:
        """Return the candles before a time, which the indicators of those after it need.

        Without them the first stored ones would have none, or such as no longer series has.
        """
        start = _window_start(key[1], open_time_before(key[1], end))
        if start >= end:
            return []
        return [each for each in await self._page(key, start) if each.open_time < end]

    async def _stored(self, key: Key, now: datetime) -> list[Candle]:
        try:
            found = unbroken_end(await self._store.candles.latest(*key, WINDOW))
        except Retryable as fault:
            _log.warning("candles.unread", detail=fault.detail)
            self._store.refuse(key)
            return []
        if not found or now - found[-1].close_time > MOST_MISSING * _span(found[-1]):
            return []
        return found

    async def _page(self, key: Key, start: datetime) -> list[Candle]:
        await self._store.room()
        async with self._pace:
            return await self._klines.page(*key, start)

    def _take(self, key: Key, page: list[Candle], asked_from: datetime) -> None:
        now_s, at = asyncio.get_running_loop().time(), datetime.now(UTC)
        self._on_taken(self._candles.take_venue(key, page, asked_from, now_s, at))


_INSTANT = timedelta(milliseconds=1)


def _span(candle: Candle) -> timedelta:
    return candle.close_time - candle.open_time + _INSTANT


def _window_start(timeframe: Timeframe, now: datetime) -> datetime:
    """Return the open time from which a page reaches the candle of a moment."""
    start = open_time_before(timeframe, open_time_of(timeframe, now), WINDOW - 1)
    return max(start, open_time_of(timeframe, VENUE_OPENED))
