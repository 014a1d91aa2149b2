"""Replaying recorded candles at a chosen speed."""

from typing import Final

from sandbox.exchange.market.candles import Candle
from sandbox.exchange.market.intervals import MINUTE_MS
from sandbox.exchange.market.noise import PriceFunction
from sandbox.exchange.market.recording import Recording, path
from sandbox.exchange.market.source import ModelSource

_MOST_TARGETS: Final = 40


class ReplaySource:
    """Visits every candle's open, low, high and close, then hands over to the model.

    Args:
        rows: Recorded candles, oldest first.
        started_ms: When the replay starts.
        speed: Seconds of the recording that pass in one second.
        model: What goes on, from the last recorded price, when the recording is over.
    """

    def __init__(
        self, rows: list[Candle], started_ms: int, speed: float, model: PriceFunction
    ) -> None:
        self._points = [float(price) for row in rows for price in path(row)]
        length = rows[1].open_ms - rows[0].open_ms if len(rows) > 1 else MINUTE_MS
        self.recording = Recording(rows, length)
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

    def recorded_ms(self, now_ms: int) -> int:
        """The recording's time; it stands still when the recording is over."""
        passed_ms = int(self._position(now_ms) * self._point_ms)
        return min(self.recording.start_ms + passed_ms, self.recording.end_ms)

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
