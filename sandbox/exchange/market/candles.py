"""Candles: of the trades since the process started, and before that of the price function."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from sandbox.exchange.core.matching import PublicTrade
from sandbox.exchange.core.records import ZERO
from sandbox.exchange.core.symbols import SymbolRules, quote_of, text
from sandbox.exchange.market import intervals
from sandbox.exchange.market.intervals import HOUR_MS, MINUTE_MS
from sandbox.exchange.market.noise import PriceFunction, uniform

_KEPT_MINUTES: Final = 3 * 24 * 60
_KEPT_SECONDS: Final = 3_600
_KEPT_HOURS: Final = 8 * 24
_CACHED_BARS: Final = 20_000
_VOLUME_LANE: Final = 2000
# How often the price is looked at within a span of up to a length: a few hundred times.
_SAMPLES_MS: Final = (
    (HOUR_MS, 15_000),
    (4 * HOUR_MS, MINUTE_MS),
    (24 * HOUR_MS, 15 * MINUTE_MS),
)
_SECONDS_PER_TRADE: Final = 0.35


@dataclass(slots=True)
class Candle:
    """One bar; volumes in base and quote asset."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote_volume: Decimal = ZERO
    trades: int = 0
    taker_volume: Decimal = ZERO
    taker_quote_volume: Decimal = ZERO
    first_id: int = -1
    last_id: int = -1

    def add(self, trade: PublicTrade) -> None:
        """Count a trade in."""
        quote = quote_of(trade.price, trade.quantity)
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        self.close = trade.price
        self.volume += trade.quantity
        self.quote_volume += quote
        self.trades += 1
        if not trade.is_buyer_maker:
            self.taker_volume += trade.quantity
            self.taker_quote_volume += quote
        self.first_id = trade.trade_id if self.first_id < 0 else self.first_id
        self.last_id = trade.trade_id

    def merge(self, later: "Candle") -> None:
        """Append a candle that follows this one."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.quote_volume += later.quote_volume
        self.trades += later.trades
        self.taker_volume += later.taker_volume
        self.taker_quote_volume += later.taker_quote_volume
        self.first_id = later.first_id if self.first_id < 0 else self.first_id
        self.last_id = max(self.last_id, later.last_id)

    def row(self, close_ms: int) -> list[Any]:
        """The array of the klines answer."""
        return [
            self.open_ms,
            text(self.open),
            text(self.high),
            text(self.low),
            text(self.close),
            text(self.volume),
            close_ms,
            text(self.quote_volume),
            self.trades,
            text(self.taker_volume),
            text(self.taker_quote_volume),
            "0",
        ]


class History:
    """Candles of the time before the process, from the price function."""

    def __init__(self, rules: SymbolRules, function: PriceFunction) -> None:
        self._rules = rules
        self._function = function
        self._cache: OrderedDict[tuple[int, int], Candle] = OrderedDict()
        # Long requests are made in a thread, while the loop asks for short ones.
        self._lock = threading.Lock()

    def bars(self, opens: list[int], ends: list[int]) -> list[Candle]:
        """One candle for each span [open, end), given in epoch milliseconds."""
        with self._lock:
            return self._bars(list(zip(opens, ends, strict=True)))

    def _bars(self, spans: list[tuple[int, int]]) -> list[Candle]:
        by_length: dict[int, list[int]] = {}
        for start, end in spans:
            if (start, end) not in self._cache:
                by_length.setdefault(end - start, []).append(start)
        for length, starts in by_length.items():
            for bar in self._make(np.array(starts, dtype=np.int64), length):
                self._cache[bar.open_ms, bar.open_ms + length] = bar
        found = [replace(self._cache[span]) for span in spans]
        while len(self._cache) > _CACHED_BARS:
            self._cache.popitem(last=False)
        return found

    def _make(self, starts: "np.typing.NDArray[np.int64]", length: int) -> list[Candle]:
        step = next((step for most, step in _SAMPLES_MS if length <= most), HOUR_MS)
        step = min(length, step)
        offsets = np.append(np.arange(0, length, step), length)
        prices = self._function.history((starts[:, None] + offsets).ravel())
        prices = prices.reshape(len(starts), -1)
        volumes = self._volumes(starts, length)
        return [
            self._bar(int(start), row, float(volume))
            for start, row, volume in zip(starts, prices, volumes, strict=True)
        ]

    def _volumes(
        self, starts: "np.typing.NDArray[np.int64]", length: int
    ) -> "np.typing.NDArray[np.float64]":
        """Base volume of each span, the sum of its minutes' (a short span takes its share)."""
        typical = 20.0 * self._rules.depth_quote / float(self._rules.start_price)
        minutes = max(1, length // MINUTE_MS)
        share = min(1.0, length / MINUTE_MS)
        index = (starts // MINUTE_MS)[:, None] + np.arange(minutes)
        drawn = uniform(self._function.key, _VOLUME_LANE, index.ravel())
        per_minute = typical * share * (0.3 + 1.4 * drawn**2)
        result: np.typing.NDArray[np.float64] = per_minute.reshape(len(starts), -1).sum(axis=1)
        return result

    def _bar(self, start: int, row: "np.typing.NDArray[np.float64]", volume: float) -> Candle:
        first, last, low, high = (
            self._price(value) for value in (row[0], row[-1], row.min(), row.max())
        )
        base = max(self._rules.to_step(Decimal(f"{volume:.8f}")), self._rules.step_size)
        quote = quote_of((first + last + low + high) / 4, base)
        taker_share = Decimal(40 + start // MINUTE_MS % 21) / 100
        trades = max(1, int(volume * float(first) / self._rules.depth_quote / _SECONDS_PER_TRADE))
        return Candle(
            start,
            first,
            high,
            low,
            last,
            base,
            quote,
            trades,
            self._rules.to_step(base * taker_share),
            quote_of(quote, taker_share),
        )

    def _price(self, value: float) -> Decimal:
        return max(self._rules.to_tick(Decimal(f"{value:.8f}")), self._rules.tick_size)


class Candles:
    """One symbol's candles."""

    def __init__(
        self, rules: SymbolRules, function: PriceFunction, start_ms: int, price: Decimal
    ) -> None:
        self.history = History(rules, function)
        self._start_minute = start_ms // MINUTE_MS * MINUTE_MS
        self._start_second = start_ms // 1000 * 1000
        self.minutes: OrderedDict[int, Candle] = OrderedDict()
        self.seconds: OrderedDict[int, Candle] = OrderedDict()
        self._last = price
        self._hours: dict[int, Candle] = {}

    def add(self, trade: PublicTrade) -> None:
        """Count a trade in."""
        self.roll(trade.time_ms)
        self._last = trade.price
        for candle in (self._latest(self.minutes), self._latest(self.seconds)):
            if not candle.trades:
                candle.open = candle.high = candle.low = trade.price
            candle.add(trade)

    def roll(self, now_ms: int) -> None:
        """Open the candles of `now_ms`; spans without a trade become flat ones."""
        self._roll(self.minutes, self._start_minute, MINUTE_MS, now_ms, _KEPT_MINUTES)
        self._roll(self.seconds, self._start_second, 1000, now_ms, _KEPT_SECONDS)

    def _roll(
        self,
        series: OrderedDict[int, Candle],
        start_ms: int,
        length: int,
        now_ms: int,
        kept: int,
    ) -> None:
        current = now_ms // length * length
        following = next(reversed(series)) + length if series else start_ms
        # A machine that slept for days must not make us write a candle for each second of it.
        following = max(following, current - kept * length)
        while following <= current:
            series[following] = Candle(following, self._last, self._last, self._last, self._last)
            following += length
        while len(series) > kept:
            series.popitem(last=False)

    @staticmethod
    def _latest(series: OrderedDict[int, Candle]) -> Candle:
        return series[next(reversed(series))]

    def current(self, interval: str, now_ms: int) -> Candle:
        """The candle in progress."""
        start = intervals.open_ms(interval, now_ms)
        return self.between(interval, [start], now_ms)[0]

    def past(self, interval: str, opens: list[int], now_ms: int) -> tuple[list[int], list[int]]:
        """The spans of these candles, start and end, that lie before the process started."""
        self.roll(now_ms)
        live_ms = next(iter(self.seconds if interval == "1s" else self.minutes))
        starts = [start for start in opens if start < live_ms]
        return starts, [min(intervals.next_ms(interval, start), live_ms) for start in starts]

    def between(self, interval: str, opens: list[int], now_ms: int) -> list[Candle]:
        """The candles with these open times, none of them in the future."""
        found = self.history.bars(*self.past(interval, opens, now_ms))
        seconds = interval == "1s"
        series, length = (self.seconds, 1000) if seconds else (self.minutes, MINUTE_MS)
        live_ms = next(iter(series))
        by_open = {candle.open_ms: candle for candle in found}
        for start in opens:
            end = intervals.next_ms(interval, start)
            if end > live_ms:
                self._merge_live(by_open, series, (max(start, live_ms), end, length), start)
        return [by_open[start] for start in opens if start in by_open]

    def window(self, first_ms: int, end_ms: int, now_ms: int) -> Candle | None:
        """Whole minutes from `first_ms` to before `end_ms` as one candle.

        Hours that are over are kept, so that a day costs no more than two hours of minutes.
        """
        minutes: list[int] = []
        pieces: list[Candle] = []
        at_ms = first_ms
        while at_ms < end_ms:
            if at_ms % HOUR_MS == 0 and at_ms + HOUR_MS <= end_ms:
                pieces.append(self._hour(at_ms, now_ms))
                at_ms += HOUR_MS
            else:
                minutes.append(at_ms)
                at_ms += MINUTE_MS
        pieces += self.between("1m", minutes, now_ms)
        pieces.sort(key=lambda candle: candle.open_ms)
        folded: Candle | None = None
        for piece in pieces:
            if folded is None:
                folded = replace(piece)
            else:
                folded.merge(piece)
        return folded

    def _hour(self, start_ms: int, now_ms: int) -> Candle:
        found = self._hours.get(start_ms)
        if found is None:
            found = self.between("1h", [start_ms], now_ms)[0]
            if start_ms + HOUR_MS <= now_ms:
                self._hours[start_ms] = found
            while len(self._hours) > _KEPT_HOURS:
                del self._hours[min(self._hours)]
        return found

    @staticmethod
    def _merge_live(
        by_open: dict[int, Candle],
        series: OrderedDict[int, Candle],
        span: tuple[int, int, int],
        start: int,
    ) -> None:
        for time_ms in range(*span):
            candle = series.get(time_ms)
            if candle is None:
                break
            if start in by_open:
                by_open[start].merge(candle)
            else:
                by_open[start] = replace(candle, open_ms=start)
