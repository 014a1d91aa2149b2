"""The model's price as a pure function of (seed, symbol, time).

The logarithm of the price is a sum of smoothly interpolated value noises of doubling period,
weighted so that it wanders like a random walk from seconds to months and yet stays near its
start for ever. A slower noise chooses between calm, trending and violent stretches. Being a
function, it has a history before the process starts, and the same one after a restart.

Floats are this model's own arithmetic only: what leaves it is cut to ticks as `Decimal`.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

STRETCH_MS: Final = 600_000
_OCTAVES: Final = 25
_PERIODS_MS: Final = np.array([1000.0 * 2**octave for octave in range(_OCTAVES)])
_DAY_MS: Final = 86_400_000
# A value noise of amplitude 1 has a standard deviation near 0.5 and the octaves below a day
# add up to several times the last: this makes a day's move about the asked-for volatility.
_DAY_SHARE: Final = 0.75
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_TREND_OCTAVE: Final = int(np.searchsorted(_PERIODS_MS, STRETCH_MS))
_SHORT_OCTAVES: Final = 4
_CALM_BELOW, _VIOLENT_ABOVE = 0.45, 0.9
_CALM_FACTOR, _TREND_FACTOR, _VIOLENT_FACTOR = 0.6, 1.0, 2.5
_TREND_PUSH: Final = 2.5


def _mix(words: Words) -> Words:
    """Scatter 64-bit words (splitmix64's finaliser)."""
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))


def uniform(key: int, lane: npt.ArrayLike, index: npt.ArrayLike) -> Floats:
    """Numbers in [0, 1) that depend on nothing but (key, lane, index)."""
    # One-dimensional at least: numpy warns when a lone uint64 wraps around, as it must here.
    lanes = np.atleast_1d(np.asarray(lane, dtype=np.uint64))
    indexes = np.asarray(index, dtype=np.int64).view(np.uint64)
    seeded = _mix(lanes * _GOLDEN + np.uint64(key))
    mixed = _mix(seeded + indexes * _GOLDEN)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def stretch_factor(key: int, time_ms: npt.ArrayLike) -> tuple[Floats, Floats]:
    """How wild (factor on fast noise) and how one-sided (push on slow noise) a moment is."""
    index = np.asarray(time_ms, dtype=np.int64) // STRETCH_MS
    drawn = uniform(key, np.uint64(1000), index)
    wild = np.select(
        [drawn < _CALM_BELOW, drawn > _VIOLENT_ABOVE],
        [_CALM_FACTOR, _VIOLENT_FACTOR],
        _TREND_FACTOR,
    )
    trending = (drawn >= _CALM_BELOW) & (drawn <= _VIOLENT_ABOVE)
    return wild, np.where(trending, _TREND_PUSH, 1.0)


class PriceFunction:
    """One symbol's model price.

    Args:
        seed: The run's seed.
        symbol: Its name goes into the seed, so that symbols move on their own.
        start_price: The centre, in quote asset.
        daily_volatility: Standard deviation of a day's log return.
    """

    def __init__(self, seed: int, symbol: str, start_price: float, daily_volatility: float) -> None:
        name = int.from_bytes(symbol.encode().ljust(8, b"\0")[:8], "little")
        mixed = _mix(np.array([seed], dtype=np.uint64) * _GOLDEN + np.uint64(name & (2**63 - 1)))
        self.key = int(mixed[0])
        self._start = start_price
        scale = daily_volatility * _DAY_SHARE
        self._weights: Floats = scale * np.sqrt(_PERIODS_MS / _DAY_MS)
        # Months away the walk is held back: a sandbox's prices should stay plausible.
        self._weights = np.minimum(self._weights, 0.25)
        self._weights_list = [float(weight) for weight in self._weights]
        self._periods = [int(period) for period in _PERIODS_MS]
        self._kept = [(-1, 0.0, 0.0)] * _OCTAVES
        self._stretch = (-1, 1.0, 1.0)

    def now(self, time_ms: int) -> float:
        """The price at one time, quickly: drawn numbers are kept while they last."""
        fast = slow = 0.0
        wild, push = self._kept_stretch(time_ms)
        for octave, period in enumerate(self._periods):
            index, offset = divmod(time_ms, period)
            kept = self._kept[octave]
            if kept[0] != index:
                drawn = uniform(self.key, octave, [index, index + 1])
                kept = self._kept[octave] = (index, float(drawn[0]), float(drawn[1]))
            part = offset / period
            smooth = part * part * (3.0 - 2.0 * part)
            noise = 2.0 * (kept[1] + (kept[2] - kept[1]) * smooth) - 1.0
            noise *= self._weights_list[octave]
            if octave < _TREND_OCTAVE:
                fast += noise
            else:
                slow += noise * push if octave == _TREND_OCTAVE else noise
        return self._start * math.exp(fast * wild + slow)

    def _kept_stretch(self, time_ms: int) -> tuple[float, float]:
        second = time_ms // 1000
        if self._stretch[0] != second:
            wild, push = self._blended(np.array([time_ms]))
            self._stretch = (second, float(wild[0]), float(push[0]))
        return self._stretch[1:]

    def history(self, time_ms: npt.ArrayLike) -> Floats:
        """The same at many times, without ripples shorter than 16 s: the candles of the past."""
        return self._sum(np.atleast_1d(np.asarray(time_ms, dtype=np.int64)), _SHORT_OCTAVES)

    def _sum(self, times: npt.NDArray[np.int64], first: int) -> Floats:
        fast, slow = np.zeros(times.shape), np.zeros(times.shape)
        wild, push = self._blended(times)
        for octave in range(first, _OCTAVES):
            noise = self._octave(octave, times) * self._weights[octave]
            if octave < _TREND_OCTAVE:
                fast += noise
            elif octave == _TREND_OCTAVE:
                slow += noise * push
            else:
                slow += noise
        result: Floats = self._start * np.exp(fast * wild + slow)
        return result

    def _octave(self, octave: int, times: npt.NDArray[np.int64]) -> Floats:
        period = int(_PERIODS_MS[octave])
        index = times // period
        part = (times - index * period) / period
        smooth = part * part * (3.0 - 2.0 * part)
        low, high = int(index.min()), int(index.max())
        if high - low < 4 * index.size + 64:
            drawn = uniform(self.key, octave, np.arange(low, high + 2))
            left, right = drawn[index - low], drawn[index - low + 1]
        else:
            left = uniform(self.key, octave, index)
            right = uniform(self.key, octave, index + 1)
        return 2.0 * (left + (right - left) * smooth) - 1.0

    def _blended(self, shifted: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Stretch factors that pass into each other, since a price does not jump."""
        part = (shifted % STRETCH_MS) / STRETCH_MS
        smooth = part * part * (3.0 - 2.0 * part)
        wild_now, push_now = stretch_factor(self.key, shifted)
        wild_next, push_next = stretch_factor(self.key, shifted + STRETCH_MS)
        return (
            wild_now + (wild_next - wild_now) * smooth,
            push_now + (push_next - push_now) * smooth,
        )
