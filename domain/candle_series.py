"""One symbol's candles of one timeframe, put in order: pure, whoever tells them and when.

How a streaming worker uses it, one series a symbol and timeframe:

    series = CandleSeries("BTCUSDT", Timeframe.M1)
    # Subscribe first: what the stream tells before `prime` is kept.
    stored = unbroken_end(await candles.latest(symbol, timeframe, WINDOW))
    act(series.prime(stored))                    # or as many candles of the venue's
    gap = series.gap_at(now)                     # on start, after a reconnect, and by a timer

    def take(message):                           # each kline message
        candle, event_ms = candle_of_stream(message)
        act(series.take_stream(candle, event_ms))

    async def back_fill(gap):                    # one page; repeat while `series.gap` says so
        rows = await klines.page(symbol, timeframe, gap.first_missing)
        act(series.take_venue(rows, asked_from=gap.first_missing))

    def act(step):
        step.closed      store and broadcast each, in this order
        step.corrected   store in the place of what is stored, and broadcast
        step.changed     at the next write: series.evaluated_open()
        step.gap         start back_fill, unless it runs already
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from domain.candle_window import CandleWindow
from domain.candles import Candle, Timeframe, next_open_time, open_time_before, open_time_of
from domain.indicators import WINDOW, Indicators

# Candles that closed beyond a gap are kept up to this many; what is dropped, the back-fill
# brings.
_MOST_WAITING = WINDOW


class Gap(NamedTuple):
    """Candles that are over and unknown, by their open times, both included."""

    first_missing: datetime
    last_missing: datetime


class EvaluatedCandle(NamedTuple):
    """A candle with its indicators."""

    candle: Candle
    indicators: Indicators


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from what was told.

    Attributes:
        closed: Candles that closed, in order and each once over the life of the series.
        corrected: Candles that were closed before and that the venue tells otherwise now,
            with those whose indicators that changes.
        changed: The candle in progress is another; `CandleSeries.evaluated_open` returns it.
        gap: What is to be asked of the venue, where that is news.
    """

    closed: tuple[EvaluatedCandle, ...] = ()
    corrected: tuple[EvaluatedCandle, ...] = ()
    changed: bool = False
    gap: Gap | None = None


NOTHING = Step()


class CandleSeries:
    """Takes candles in any order, and tells the series: no hole, no double, no way back.

    While something is missing, nothing newer is told, neither closed nor in progress: a
    subscriber sees time run in one direction. What the stream says against a closed candle
    is ignored; what the venue answers over REST is its truth, and corrects.
    """

    def __init__(self, symbol: str, timeframe: Timeframe) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self._window = CandleWindow()
        self._primed = False
        # Which candle closes next; everything before it has been told.
        self._frontier: datetime | None = None
        self._waiting: dict[datetime, Candle] = {}
        self._open: Candle | None = None
        self._open_event_ms = -1
        self._told_open: Candle | None = None
        self._told_gap: Gap | None = None

    @property
    def next_to_close(self) -> datetime | None:
        """The open time of the candle that closes next, None before the first is known."""
        return self._frontier

    @property
    def gap(self) -> Gap | None:
        """What is missing before the newest candle that anybody told of."""
        newest = max(self._waiting, default=self._frontier)
        if self._open is not None and newest is not None:
            newest = max(newest, self._open.open_time)
        if self._frontier is None or newest is None:
            return None
        missing = open_time_before(self.timeframe, newest)
        while missing in self._waiting:
            missing = open_time_before(self.timeframe, missing)
        return Gap(self._frontier, missing) if missing >= self._frontier else None

    def gap_at(self, moment: datetime) -> Gap | None:
        """Return which candles are over by then but not known, also if nobody told of newer ones.

        A feed that fell silent, or a closing message that got lost in a quiet market, shows
        here only.
        """
        if self._frontier is None:
            return None
        over = open_time_before(self.timeframe, open_time_of(self.timeframe, moment))
        return Gap(self._frontier, over) if over >= self._frontier else None

    def prime(self, history: Sequence[Candle]) -> Step:
        """Take what was told before, once: closed candles, oldest first, none of them missing.

        Fewer than `WINDOW` candles must mean that the symbol has no more: indicators would
        say less than they seem to. None of these is told again.

        Raises:
            ValueError: They are not in order or not closed, or the series began already.
        """
        if self._primed:
            raise ValueError("the series began already")
        times = [candle.open_time for candle in history]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("a history out of order")
        if not all(candle.closed for candle in history):
            raise ValueError("a history with a candle that is not closed")
        self._primed = True
        self._window.fill(history)
        if history:
            self._move_to(next_open_time(self.timeframe, times[-1]))
        return self._step()

    def take_stream(self, candle: Candle, event_ms: int) -> Step:
        """Take a candle of the stream.

        Args:
            candle: As the venue saw it at that moment.
            event_ms: The venue's time of the message: of two states of one candle the later
                one counts.
        """
        if self._is_past(candle.open_time) or candle.open_time in self._waiting:
            return NOTHING
        if candle.closed:
            if len(self._waiting) < _MOST_WAITING or candle.open_time == self._frontier:
                self._waiting[candle.open_time] = candle
        elif not self._take_open(candle, event_ms):
            return NOTHING
        return self._step()

    def take_venue(self, candles: Iterable[Candle], asked_from: datetime) -> Step:
        """Take one answer of the venue over REST.

        Args:
            candles: Consecutive candles as the venue has them; the last may be in progress.
            asked_from: From which open time they were asked for. What is absent between it
                and the last of them does not exist: venues have holes from their own outages.
        """
        known = sorted(candles, key=lambda candle: candle.open_time)
        past = [candle for candle in known if candle.closed and self._is_past(candle.open_time)]
        corrected = tuple(EvaluatedCandle(*each) for each in self._window.correct(past))
        for candle in known:
            if self._is_past(candle.open_time):
                continue
            if candle.closed:
                self._waiting[candle.open_time] = candle
            else:
                self._take_open(candle, None)
        closed: list[EvaluatedCandle] = []
        if known and self._frontier is not None and asked_from <= self._frontier:
            closed = self._close_up_to(known[-1].open_time)
        return self._step(closed, corrected)

    def evaluated_open(self) -> EvaluatedCandle | None:
        """Return the candle in progress, None while it is unknown or something before it is."""
        candle = self._visible_open()
        if candle is None:
            return None
        return EvaluatedCandle(candle, self._window.with_open(candle))

    def _is_past(self, open_time: datetime) -> bool:
        return self._frontier is not None and open_time < self._frontier

    def _take_open(self, candle: Candle, event_ms: int | None) -> bool:
        """Keep a state of the candle in progress, unless a newer one is known.

        A REST answer carries no time; what has been traded never becomes less.
        """
        known = self._open
        if known is None or candle.open_time > known.open_time:
            self._open_event_ms = -1
        elif candle.open_time < known.open_time or candle == known:
            return False
        elif event_ms is None or self._open_event_ms < 0:
            if candle.volume < known.volume:
                return False
        elif event_ms < self._open_event_ms:
            return False
        self._open = candle
        if event_ms is not None:
            self._open_event_ms = event_ms
        return True

    def _visible_open(self) -> Candle | None:
        candle = self._open
        return candle if candle is not None and candle.open_time == self._frontier else None

    def _step(
        self,
        closed: Sequence[EvaluatedCandle] = (),
        corrected: tuple[EvaluatedCandle, ...] = (),
    ) -> Step:
        if not self._primed:
            return NOTHING
        if self._frontier is None:
            self._begin()
        told = (*closed, *self._close_waiting())
        visible = self._visible_open()
        changed = visible is not None and visible is not self._told_open
        self._told_open = visible
        gap = self.gap if self._waiting or visible is not self._open else None
        news = gap if gap != self._told_gap else None
        self._told_gap = gap
        return Step(told, corrected, changed, news)

    def _begin(self) -> None:
        """Begin a series without a past with the first candle that anybody told of."""
        times = [*self._waiting]
        if self._open is not None:
            times.append(self._open.open_time)
        if times:
            self._frontier = min(times)

    def _close_up_to(self, last: datetime) -> list[EvaluatedCandle]:
        """Close what is known up to this open time, and take for absent what is not."""
        found = self._close_waiting()
        while self._frontier is not None and self._frontier < last:
            self._move_to(min([last, *(time for time in self._waiting if time < last)]))
            found += self._close_waiting()
        return found

    def _close_waiting(self) -> list[EvaluatedCandle]:
        run: list[Candle] = []
        time = self._frontier
        while time is not None and time in self._waiting:
            run.append(self._waiting.pop(time))
            time = next_open_time(self.timeframe, time)
        if not run or time is None:
            return []
        self._move_to(time)
        found = self._window.extend(run)
        return [EvaluatedCandle(*each) for each in zip(run, found, strict=True)]

    def _move_to(self, frontier: datetime) -> None:
        self._frontier = frontier
        for past in [time for time in self._waiting if time < frontier]:
            del self._waiting[past]
        if self._open is not None and self._open.open_time < frontier:
            self._open = None
            self._open_event_ms = -1


def unbroken_end(candles: Sequence[Candle]) -> list[Candle]:
    """Return the last of these candles, oldest first, as far back as none is missing."""
    start = len(candles)
    while start > 0:
        candle = candles[start - 1]
        following = next_open_time(candle.timeframe, candle.open_time)
        if start < len(candles) and following != candles[start].open_time:
            break
        start -= 1
    return list(candles[start:])
