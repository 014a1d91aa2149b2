"""Replaying recorded candles at a chosen speed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.exchange.market.noise import PriceFunction
from sandbox.exchange.market.source import ModelSource

_COLUMNS: Final = 5
# Binance's public data went from milliseconds to microseconds in 2025.
_MICROSECONDS_FROM: Final = 10**14
_MOST_TARGETS: Final = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded candle."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float

    def path(self) -> tuple[float, float, float, float]:
        """The order in which the candle's prices are visited."""
        rising = self.close >= self.open
        middle = (self.low, self.high) if rising else (self.high, self.low)
        return (self.open, *middle, self.close)


def read_rows(lines: Iterable[str | Sequence[Any]]) -> list[Row]:
    """Candles from lines (or rows) in Binance's public-data columns; a header is skipped.

    Raises:
        ValueError: There is no candle, or a line is not one.
    """
    rows: list[Row] = []
    for number, line in enumerate(lines):
        cells = line.split(",") if isinstance(line, str) else list(line)
        if number == 0 and not str(cells[0]).strip().isdigit():
            continue
        if len(cells) < _COLUMNS:
            raise ValueError(f"line {number + 1} has {len(cells)} columns")
        opened = int(cells[0])
        if opened >= _MICROSECONDS_FROM:
            opened //= 1000
        prices = [float(cell) for cell in cells[1:_COLUMNS]]
        if min(prices) <= 0:
            raise ValueError(f"line {number + 1} has a price that is not positive")
        rows.append(Row(opened, *prices))
    if not rows:
        raise ValueError("no candles")
    return rows


class ReplaySource:
    """Visits every candle's open, low, high and close, then hands over to the model.

    Args:
        rows: Recorded candles, oldest first.
        started_ms: When the replay starts.
        speed: Seconds of the recording that pass in one second.
        model: What goes on, from the last recorded price, when the recording is over.
    """

    def __init__(
        self, rows: list[Row], started_ms: int, speed: float, model: PriceFunction
    ) -> None:
        self._points = [price for row in rows for price in row.path()]
        length = rows[1].open_ms - rows[0].open_ms if len(rows) > 1 else 60_000
        self._point_ms = length / 4
        self._model = model
        self._after: ModelSource | None = None
        self._visited = 0
        self._anchor_ms = started_ms
        self._anchor_point = 0.0
        self._speed = speed

    def _position(self, now_ms: int) -> float:
        """How many points have passed."""
        return self._anchor_point + (now_ms - self._anchor_ms) * self._speed / self._point_ms

    def set_speed(self, speed: float, now_ms: int) -> None:
        """Go on at another speed from now on."""
        self._anchor_point = self._position(now_ms)
        self._anchor_ms = now_ms
        self._speed = speed

    def targets(self, now_ms: int) -> list[float]:
        """Every recorded price since the last call, and where between two we are now."""
        position = self._position(now_ms)
        last = len(self._points) - 1
        if position >= last and self._visited > last:
            return self._follow_on(now_ms)
        whole = min(int(position), last)
        found = self._points[self._visited : whole + 1]
        self._visited = whole + 1
        if whole < last:
            part = position - whole
            found.append(
                self._points[whole] + (self._points[whole + 1] - self._points[whole]) * part
            )
        # After a pause or at great speed only the extremes of what was missed are visited.
        if len(found) > _MOST_TARGETS:
            found = [min(found), max(found), found[-1]]
        return found

    def _follow_on(self, now_ms: int) -> list[float]:
        if self._after is None:
            factor = self._points[-1] / self._model.now(now_ms)
            self._after = ModelSource(self._model, factor)
        return self._after.targets(now_ms)
