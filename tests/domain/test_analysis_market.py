"""A caller's own candles: which are accepted, and what is computed from them."""

import csv
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

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
# Real candles lie beside the checkout, and not in it: market data is not ours to publish.
RECORDED = Path(__file__).parents[3] / "shared" / "data" / "BTCUSDT-1m-2022-01.csv"
ROWS = 3_000


def candle(number: int = 0, **members: Decimal) -> Candle:
    opened = START + number * MINUTE
    prices = dict.fromkeys(("open", "high", "low", "close"), D(100)) | {"volume": D(1)} | members
    closes = close_time_of(Timeframe.M1, opened)
    return Candle("BTCUSDT", Timeframe.M1, opened, closes, closed=True, **prices)


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded candles beside this checkout")
@pytest.mark.parametrize("end", [WINDOW, 1_777, ROWS])
def test_real_candles_have_talibs_indicators(end: int) -> None:
    with RECORDED.open() as file:
        rows = [row for row in islice(csv.reader(file), ROWS + 1) if row[1][0].isdigit()][:end]
    candles = [
        candle(number, **dict(zip(("open", "high", "low", "close", "volume"), map(D, row[1:6]),
                                  strict=True)))
        for number, row in enumerate(rows)
    ]  # fmt: skip
    found = indicators_of(candles[-WINDOW:])
    whole = np.array([[float(text) for text in row[1:6]] for row in rows]).T.copy()
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
