"""A caller's own candles: which are accepted, and what is computed from them."""

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
import talib
from numpy.typing import NDArray

from domain.analysis import AnalysisRequest, last_closed
from domain.analysis_market import INDICATOR_NAMES, check_candles, indicators_of, with_own
from domain.candles import Candle, Timeframe, close_time_of
from domain.errors import Rejected
from domain.indicators import WINDOW

D = Decimal
START = datetime(2022, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def candle(number: int = 0, **members: Decimal) -> Candle:
    opened = START + number * MINUTE
    prices = dict.fromkeys(("open", "high", "low", "close"), D(100)) | {"volume": D(1)} | members
    closes = close_time_of(Timeframe.M1, opened)
    return Candle("BTCUSDT", Timeframe.M1, opened, closes, closed=True, **prices)


def walk(count: int) -> list[list[Decimal]]:
    """Return open, high, low, close and volume of a market that wanders."""
    chance = random.Random(7)
    rows, price = [], D("46000.00")
    for _ in range(count):
        ends = [price, price := price + D(chance.randrange(-4_000, 4_000)) / 100]
        reach = D(chance.randrange(2_000)) / 100
        rows.append(
            [ends[0], max(ends) + reach, min(ends) - reach, price, D(chance.randrange(9_999)) / 100]
        )
    return rows


@pytest.mark.parametrize("end", [WINDOW, 1_777, 3_000])
def test_candles_have_talibs_indicators(end: int) -> None:
    rows = walk(end)
    names = ("open", "high", "low", "close", "volume")
    candles = [
        candle(number, **dict(zip(names, row, strict=True))) for number, row in enumerate(rows)
    ]
    found = indicators_of(candles[-WINDOW:])
    whole = np.array([[float(number) for number in row] for row in rows]).T.copy()
    expected = dict(zip(INDICATOR_NAMES, talib_of(whole), strict=True))
    assert found == pytest.approx(expected, rel=1e-9)


def talib_of(series: NDArray[np.float64]) -> list[float]:
    """Return TA-Lib's last values over a whole series, in the order of the names."""
    _, high, low, close, volume = series
    simple = talib.MA_Type.SMA  # type: ignore[attr-defined]  # not in its stubs
    columns = (
        talib.RSI(close, 14),
        *talib.MACD(close, 12, 26, 9),
        *(talib.EMA(close, span) for span in (9, 21, 50)),
        *talib.BBANDS(close, 20, 2.0, 2.0),
        talib.ATR(high, low, close, 14),
        talib.ADX(high, low, close, 14),
        *talib.STOCH(high, low, close, 14, 3, simple, 3, simple),
        talib.SMA(volume, 20),
    )
    return [float(column[-1]) for column in columns]


def test_few_candles_have_few_indicators() -> None:
    found = indicators_of([candle(number) for number in range(20)])
    assert found["ema_9"] == 100
    assert found["ema_50"] is None
    assert with_own(found, {"ema_50": 99.0})["ema_50"] == 99
    assert all(value is None or math.isfinite(value) for value in found.values())


@pytest.mark.parametrize(
    ("candles", "field"),
    [
        ([candle(high=D(99))], "candles.0"),
        ([candle(low=D(101))], "candles.0"),
        ([candle(low=D(0))], "candles.0"),
        ([candle(close=D("NaN"))], "candles.0"),
        ([candle(), candle(1, volume=D(-1))], "candles.1"),
        ([candle(1), candle()], "candles.1.open_time"),
        ([candle(), candle()], "candles.1.open_time"),
    ],
)
def test_contradictions_are_refused(candles: list[Candle], field: str) -> None:
    with pytest.raises(Rejected) as refusal:
        check_candles(candles)
    assert refusal.value.extensions["errors"][0]["field"] == field


def test_who_shares_a_workflow() -> None:
    ours = AnalysisRequest("BTCUSDT", Timeframe.M1, D("0.01"), START)
    assert ours.workflow_id == "analysis-BTCUSDT-1m-20220101T000000Z"
    assert ours.subject == "BTCUSDT:1m"
    brought = [
        AnalysisRequest("BTCUSDT", Timeframe.M1, D("0.01"), START, candles, indicators)
        for candles, indicators in (
            ((candle(),), {}),
            ((candle(volume=D(2)),), {}),
            ((), {"rsi": 50.0}),
            ((candle(),), {"rsi": 50.0}),
        )
    ]
    assert len({each.workflow_id for each in [ours, *brought]}) == 5
    same = AnalysisRequest("BTCUSDT", Timeframe.M1, D("0.01"), START, (candle(volume=D("1.0")),))
    assert same.workflow_id == brought[0].workflow_id
    assert last_closed(Timeframe.M1, START + 90 * timedelta(seconds=1)) == START
