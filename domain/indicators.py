"""Technical indicators of a candle, computed by TA-Lib on a rolling window.

Arrays are float64 and contiguous, oldest first, one value a candle: what a sum of floats
rounds away is far below what these numbers mean, and TA-Lib knows no decimals.
"""

from math import isnan
from typing import Final, NamedTuple

import numpy as np
import talib
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# How many candles an evaluation looks at. EMA 50 forgets slowest: a candle's weight falls by
# 49/51 with every later one, to 4e-18 over this window; Wilder's averages (RSI, ATR, ADX) fall
# by 13/14, to 7e-33. Starting here instead of at the first candle ever therefore changes
# nothing that 1e-9 could see, also after 600 candles of a market that stood still, and with the
# candle that is still open it is one page of the venue's REST answer.
WINDOW: Final = 1_000

_RSI_SPAN = 14
_MACD_SPANS = (12, 26, 9)
_BANDS = (20, 2.0, 2.0)
_RANGE_SPAN = 14
_STOCHASTIC_SPANS = (14, 3, 3)
_VOLUME_SPAN = 20
# What has no memory beyond its own span is computed from the end of the arrays only.
_BANDS_REACH = 20
_STOCHASTIC_REACH = 14 + (3 - 1) + (3 - 1)


class Indicators(NamedTuple):
    """The indicators of one candle; None while there are too few candles before it.

    `rsi`, `adx`, `stoch_k` and `stoch_d` run from 0 to 100, `volume_sma` is in the base
    asset, the others are in the quote asset.
    """

    rsi: float | None
    macd: float | None
    macd_signal: float | None
    macd_histogram: float | None
    ema_9: float | None
    ema_21: float | None
    ema_50: float | None
    bb_upper: float | None
    bb_middle: float | None
    bb_lower: float | None
    atr: float | None
    adx: float | None
    stoch_k: float | None
    stoch_d: float | None
    volume_sma: float | None


NO_INDICATORS: Final = Indicators(*[None] * len(Indicators._fields))


def indicators_of_last(
    high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> Indicators:
    """Return the indicators of the last candle.

    Args:
        high: Highest prices, of the last `WINDOW` candles (fewer where there are no more).
        low: Lowest prices.
        close: Closing prices.
        volume: Volumes.
    """
    if not len(close):
        return NO_INDICATORS
    remembering = _remembering(high, low, close)
    reach = slice(-_STOCHASTIC_REACH, None)
    forgetting = (
        *talib.BBANDS(close[-_BANDS_REACH:], *_BANDS),
        *_stochastic(high[reach], low[reach], close[reach]),
        talib.SMA(volume[-_VOLUME_SPAN:], _VOLUME_SPAN),
    )
    return _in_order([_known(values.item(-1)) for values in (*remembering, *forgetting)])


def indicators_of_each(
    high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, count: int
) -> list[Indicators]:
    """Return the indicators of the last `count` candles of a series, in one pass.

    Each is as good as `indicators_of_last` where `WINDOW` candles, itself included, lead to it.
    """
    if not len(close) or count <= 0:
        return []
    columns = (
        *_remembering(high, low, close),
        *talib.BBANDS(close, *_BANDS),
        *_stochastic(high, low, close),
        talib.SMA(volume, _VOLUME_SPAN),
    )
    rows = zip(*(column[-count:].tolist() for column in columns), strict=True)
    return [_in_order([_known(value) for value in row]) for row in rows]


def _remembering(high: FloatArray, low: FloatArray, close: FloatArray) -> tuple[FloatArray, ...]:
    """Return what every earlier candle has a part in."""
    return (
        talib.RSI(close, _RSI_SPAN),
        *talib.MACD(close, *_MACD_SPANS),
        talib.EMA(close, 9),
        talib.EMA(close, 21),
        talib.EMA(close, 50),
        talib.ATR(high, low, close, _RANGE_SPAN),
        talib.ADX(high, low, close, _RANGE_SPAN),
    )


def _stochastic(
    high: FloatArray, low: FloatArray, close: FloatArray
) -> tuple[FloatArray, FloatArray]:
    fast, slow, signal = _STOCHASTIC_SPANS
    simple = talib.MA_Type.SMA  # type: ignore[attr-defined]  # not in its stubs
    return talib.STOCH(high, low, close, fast, slow, simple, signal, simple)


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _in_order(found: list[float | None]) -> Indicators:
    """Put the bands, computed with what forgets, where a reader expects them."""
    return Indicators(*found[:7], *found[9:12], *found[7:9], *found[12:])
