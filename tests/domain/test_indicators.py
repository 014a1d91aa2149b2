"""Indicators on a rolling window against TA-Lib over the whole series."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.indicators import (
    NO_INDICATORS,
    WINDOW,
    FloatArray,
    Indicators,
    indicators_of_each,
    indicators_of_last,
)

LENGTH = 3_000
# Of the value itself, whatever its magnitude: prices differ by ten orders. What does not
# forget comes out bit for bit; sums of a window (the bands) differ in their last digits,
# because TA-Lib carries its rounding along from where it began.
TOLERANCE = 1e-9
FIELDS = Indicators._fields


class Series(NamedTuple):
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def until(self, end: int, length: int = WINDOW) -> "Series":
        return Series._make(column[max(0, end - length) : end] for column in self)


def walk(seed: int, price: float, move: float, count: int = LENGTH) -> Series:
    """Make a random walk with calm and wild times, rounded as prices are."""
    draw = np.random.default_rng(seed)
    moves = (
        draw.normal(0, move, count)
        * np.repeat(draw.choice([0.2, 1, 5], count // 50 + 1), 50)[:count]
    )
    close = price * np.exp(np.cumsum(moves))
    opening = np.concatenate([[price], close[:-1]])
    wicks = np.abs(draw.normal(0, move / 2, (2, count)))
    high = np.maximum(opening, close) * (1 + wicks[0])
    low = np.minimum(opening, close) * (1 - wicks[1])
    volume = draw.exponential(1_000, count)
    digits = 8 - math.floor(math.log10(price))
    prices = [np.round(each, digits) for each in (high, low, close)]
    return Series._make([*prices, np.round(volume, 8)])


def whole(series: Series) -> list[FloatArray]:
    """Every indicator over the whole series, as anybody would call TA-Lib."""
    high, low, close, volume = series
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    return [
        talib.RSI(close, 14),
        *talib.MACD(close, 12, 26, 9),
        *(talib.EMA(close, span) for span in (9, 21, 50)),
        upper,
        middle,
        lower,
        talib.ATR(high, low, close, 14),
        talib.ADX(high, low, close, 14),
        *talib.STOCH(high, low, close, 14, 3, talib.MA_Type.SMA, 3, talib.MA_Type.SMA),  # type: ignore[attr-defined]  # not in its stubs
        talib.SMA(volume, 20),
    ]


def assert_equal(found: Sequence[Indicators], wanted: list[FloatArray], floor: float = 0.0) -> None:
    """Compare by `TOLERANCE`; a value below `floor` as if it were that large."""
    for name, ours, theirs in zip(FIELDS, zip(*found, strict=True), wanted, strict=True):
        known = np.array([math.nan if value is None else value for value in ours])
        assert np.array_equal(np.isnan(known), np.isnan(theirs)), name
        allowed = TOLERANCE * np.maximum(np.abs(theirs), floor)
        assert not np.any(np.abs(known - theirs) > allowed), name


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    magnitude=st.integers(-5, 5),
    move=st.sampled_from([0.0003, 0.002, 0.02]),
)
def test_every_candle_of_a_random_walk(seed: int, magnitude: int, move: float) -> None:
    series = walk(seed, 10.0**magnitude, move)
    found = [indicators_of_last(*series.until(end)) for end in range(1, LENGTH + 1)]
    assert_equal(found, whole(series))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), magnitude=st.integers(-5, 5), count=st.integers(1, 500))
def test_many_in_one_pass(seed: int, magnitude: int, count: int) -> None:
    series = walk(seed, 10.0**magnitude, 0.002, 2 * WINDOW)
    found = indicators_of_each(*series.until(2 * WINDOW, WINDOW + count - 1), count)
    assert len(found) == count
    assert_equal(found, [column[-count:] for column in whole(series)])


def test_the_tolerance_would_see_a_shorter_window() -> None:
    series = walk(1, 100.0, 0.002)
    found = [indicators_of_last(*series.until(end, 400)) for end in range(1, LENGTH + 1)]
    with pytest.raises(AssertionError):
        assert_equal(found, whole(series))


@pytest.mark.parametrize("still", [1, 100, 600])
def test_a_market_that_stands_still_after_it_moved(still: int) -> None:
    moving = walk(2, 100.0, 0.002, 2 * WINDOW)
    flat = np.full(still, moving.close[-1])
    columns = [np.concatenate([each, flat]) for each in moving[:3]]
    series = Series._make([*columns, np.concatenate([moving.volume, np.zeros(still)])])
    found = indicators_of_last(*series.until(len(series.close)))
    # Zero is a difference here, and what is left of it rounding.
    assert_equal([found], [column[-1:] for column in whole(series)], floor=1.0)


def test_a_market_that_never_moved() -> None:
    price = np.full(WINDOW, 60_000.01)
    found = indicators_of_last(price, price, price, np.zeros(WINDOW))
    assert found.volume_sma == 0
    assert (found.rsi, found.adx, found.stoch_k, found.stoch_d) == (0, 0, 0, 0)
    for value in (found.ema_9, found.ema_50, found.bb_upper, found.bb_middle, found.bb_lower):
        assert value == pytest.approx(60_000.01, rel=1e-7)
    assert found.atr == 0
    assert found.macd == pytest.approx(0, abs=1e-9)


WARM_UP = {
    "ema_9": 9, "rsi": 15, "atr": 15, "stoch_k": 18, "stoch_d": 18, "bb_upper": 20,
    "bb_middle": 20, "bb_lower": 20, "volume_sma": 20, "ema_21": 21, "adx": 28, "macd": 34,
    "macd_signal": 34, "macd_histogram": 34, "ema_50": 50,
}  # fmt: skip


def test_what_has_not_warmed_up_is_none() -> None:
    series = walk(3, 100.0, 0.002, 60)
    for count in range(61):
        found = indicators_of_last(*series.until(count))
        assert {name for name, value in found._asdict().items() if value is not None} == {
            name for name, least in WARM_UP.items() if count >= least
        }
    nothing = np.array([], dtype=np.float64)
    assert indicators_of_last(nothing, nothing, nothing, nothing) == NO_INDICATORS
    assert indicators_of_each(nothing, nothing, nothing, nothing, 5) == []
    assert indicators_of_each(*series, 0) == []
    assert indicators_of_each(*series.until(1), 1) == [NO_INDICATORS]
