"""The last closed candles of a series as arrays, so that no message costs a copy of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from domain.candles import Candle
from domain.indicators import (
    WINDOW,
    FloatArray,
    Indicators,
    indicators_of_each,
    indicators_of_last,
)

# So many candles before the window are kept, too: each of the last ones can be evaluated again.
SLACK: Final = 128
_KEPT = WINDOW + SLACK
# Room for some more, so that the kept ones are moved to the front only once in a while.
_CAPACITY = _KEPT + 3 * SLACK
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class CandleWindow:
    """Closed candles in order of time, the newest last."""

    def __init__(self) -> None:
        # One row each for open, high, low, close, volume.
        self._rows: FloatArray = np.zeros((5, _CAPACITY))
        self._times = np.zeros(_CAPACITY, dtype=np.int64)
        self._end = 0
        self._begins_with_the_series = True

    def fill(self, candles: Sequence[Candle]) -> None:
        """Append candles that nobody needs the indicators of."""
        for start in range(0, len(candles), SLACK):
            self._append(candles[start : start + SLACK])

    def extend(self, candles: Sequence[Candle]) -> list[Indicators]:
        """Append candles and return the indicators of each."""
        found: list[Indicators] = []
        for start in range(0, len(candles), SLACK):
            part = candles[start : start + SLACK]
            self._append(part)
            if len(part) == 1:
                found.append(self._at(self._end - 1))
            else:
                columns = self._columns(self._end - WINDOW - len(part), self._end)
                found += indicators_of_each(*columns, len(part))
        return found

    def with_open(self, candle: Candle) -> Indicators:
        """Return the indicators of the candle in progress; it is not appended."""
        self._put(self._end, candle)
        return self._at(self._end)

    def correct(self, candles: Sequence[Candle]) -> list[tuple[Candle, Indicators]]:
        """Put other values in the place of known ones, oldest first.

        Returns:
            The first candle that differed and all later ones of those given, since what
            follows a candle has its part in it. One that is too old to be evaluated again
            is put right here, but not returned.
        """
        places: list[tuple[int, Candle]] = []
        for candle in candles:
            place = self._place(candle)
            if place is not None and (places or self._differs(place, candle)):
                self._put(place, candle)
                places.append((place, candle))
        return [
            (candle, self._at(place))
            for place, candle in places
            if self._begins_with_the_series or place + 1 >= WINDOW
        ]

    def _append(self, candles: Sequence[Candle]) -> None:
        # One place beyond is for the candle in progress.
        if self._end + len(candles) >= _CAPACITY:
            kept = slice(self._end - _KEPT, self._end)
            self._rows[:, :_KEPT] = self._rows[:, kept].copy()
            self._times[:_KEPT] = self._times[kept].copy()
            self._end = _KEPT
            self._begins_with_the_series = False
        for candle in candles:
            self._put(self._end, candle)
            self._end += 1

    def _put(self, place: int, candle: Candle) -> None:
        self._rows[:, place] = _values(candle)
        self._times[place] = _milliseconds(candle.open_time)

    def _place(self, candle: Candle) -> int | None:
        time_ms = _milliseconds(candle.open_time)
        place = int(np.searchsorted(self._times[: self._end], time_ms))
        return place if place < self._end and self._times[place] == time_ms else None

    def _differs(self, place: int, candle: Candle) -> bool:
        return tuple(self._rows[:, place].tolist()) != _values(candle)

    def _at(self, place: int) -> Indicators:
        return indicators_of_last(*self._columns(place + 1 - WINDOW, place + 1))

    def _columns(
        self, start: int, end: int
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        kept, rows = slice(max(start, 0), end), self._rows
        return rows[1, kept], rows[2, kept], rows[3, kept], rows[4, kept]


def _values(candle: Candle) -> tuple[float, float, float, float, float]:
    return (
        float(candle.open),
        float(candle.high),
        float(candle.low),
        float(candle.close),
        float(candle.volume),
    )


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
