"""The price function and the candles made from it."""

from collections import deque
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from sandbox.exchange.core.matching import PublicTrade
from sandbox.exchange.core.symbols import SYMBOLS
from sandbox.exchange.market import intervals
from sandbox.exchange.market.candles import Candles
from sandbox.exchange.market.intervals import DAY_MS, MINUTE_MS
from sandbox.exchange.market.noise import STRETCH_MS, PriceFunction, stretch_factor

NOW = 1_790_000_000_000
RULES = SYMBOLS["BTCUSDT"]


def function(seed: int = 7) -> PriceFunction:
    return PriceFunction(seed, "BTCUSDT", 67_000, 0.025)


def candles(seed: int = 7) -> Candles:
    return Candles(RULES, function(seed), NOW, Decimal(60_000))


def test_the_same_seed_gives_the_same_prices_and_another_does_not() -> None:
    times = np.arange(NOW, NOW + 3_600_000, 1000)
    assert np.array_equal(function().history(times), function().history(times))
    assert not np.allclose(function().history(times), function(8).history(times))


def test_the_quick_way_and_the_many_at_once_agree() -> None:
    times = np.arange(NOW, NOW + 60_000, 777)
    quick = [function().now(int(each)) for each in times]
    # The history leaves out ripples of less than 16 s, which are small.
    assert np.allclose(quick, function().history(times), rtol=1e-3)


def test_it_moves_like_a_market() -> None:
    minutes = function().history(np.arange(NOW - 60 * DAY_MS, NOW, MINUTE_MS))
    daily = np.diff(np.log(minutes[::1440])).std()
    assert 0.012 < daily < 0.05
    years = function().history(np.arange(NOW - 2_000 * DAY_MS, NOW, DAY_MS))
    assert years.min() > 67_000 / 4
    assert years.max() < 67_000 * 4
    steps = np.abs(np.diff(np.log(function().history(np.arange(NOW, NOW + DAY_MS, 200)))))
    assert steps.max() < 0.005


def test_there_are_calm_trending_and_violent_stretches() -> None:
    times = np.arange(NOW, NOW + 7 * DAY_MS, STRETCH_MS)
    wild, push = stretch_factor(function().key, times)
    assert set(wild) == {0.6, 1.0, 2.5}
    assert 0.2 < (push > 1).mean() < 0.7


@pytest.mark.parametrize("interval", intervals.LENGTH_MS)
def test_candles_are_sound(interval: str) -> None:
    opens = intervals.opens(interval, NOW - 40 * intervals.LENGTH_MS[interval], NOW)
    found = candles().between(interval, opens, NOW)
    assert [c.open_ms for c in found] == opens
    assert len(found) >= 38
    for candle in found:
        assert candle.low <= min(candle.open, candle.close)
        assert candle.high >= max(candle.open, candle.close)
    for earlier, later in pairwise(found[:-1]):
        assert earlier.close == later.open
        assert earlier.volume > 0
        assert earlier.trades > 0


def test_larger_candles_are_made_of_smaller_ones() -> None:
    hour = NOW // 3_600_000 * 3_600_000 - 3_600_000
    made = candles()
    minutes = made.between("1m", [hour + n * MINUTE_MS for n in range(60)], NOW)
    (whole,) = made.between("1h", [hour], NOW)
    assert (whole.open, whole.close) == (minutes[0].open, minutes[-1].close)
    assert whole.high == max(c.high for c in minutes)
    assert whole.low == min(c.low for c in minutes)
    assert abs(whole.volume / sum(c.volume for c in minutes) - 1) < Decimal("0.0001")


def trade(number: int, price: str, at_ms: int) -> PublicTrade:
    return PublicTrade(number, Decimal(price), Decimal(1), at_ms, number % 2 == 0, number)


def test_trades_make_candles_and_gaps_are_flat() -> None:
    made = candles()
    minute = NOW // MINUTE_MS * MINUTE_MS + MINUTE_MS
    for number, price in enumerate(("60010", "60030", "59990"), 1):
        made.add(trade(number, price, minute + number))
    made.add(trade(4, "60100", minute + 3 * MINUTE_MS))
    found = made.between("1m", [minute + n * MINUTE_MS for n in range(4)], minute + 3 * MINUTE_MS)
    first = found[0]
    assert [str(p) for p in (first.open, first.high, first.low, first.close)] == [
        "60010",
        "60030",
        "59990",
        "59990",
    ]
    assert (first.volume, first.taker_volume, first.first_id, first.last_id) == (
        Decimal(3),
        Decimal(2),
        1,
        3,
    )
    assert [(c.open, c.volume) for c in found[1:3]] == [(Decimal(59990), Decimal(0))] * 2
    assert found[3].open == 60_100


def test_a_month_and_a_week_start_where_they_should() -> None:
    found = deque(intervals.opens("1M", NOW - 100 * DAY_MS, NOW))
    assert all(
        np.datetime64(ms, "ms").astype("M8[M]").astype("M8[ms]").astype(int) == ms for ms in found
    )
    monday = intervals.open_ms("1w", NOW)
    assert np.datetime64(monday, "ms").astype("M8[D]").astype(int) % 7 == 4
