from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from domain.candle_series import NOTHING, CandleSeries, EvaluatedCandle, Gap, Step, unbroken_end
from domain.candles import Candle, Timeframe
from domain.indicators import WINDOW, indicators_of_each
from tests.domain.candle_building import START, candle_at, random_walk

M1 = Timeframe.M1
MINUTE = timedelta(minutes=1)


def minute(number: int) -> datetime:
    return START + number * MINUTE


def closed(number: int, close: str = "105", volume: str = "12.5") -> Candle:
    return candle_at(minute(number), prices=("100", "110", "90", close), volume=volume)


def opened(number: int, close: str = "105", volume: str = "12.5") -> Candle:
    return replace(closed(number, close, volume), closed=False)


def series_until(number: int) -> CandleSeries:
    """Make a series that knows the minutes before `number`."""
    series = CandleSeries("BTCUSDT", M1)
    assert series.prime([closed(each) for each in range(number - 3, number)]) == NOTHING
    return series


def candles(found: Sequence[EvaluatedCandle]) -> list[Candle]:
    return [each.candle for each in found]


def assert_alike(ours: Sequence[EvaluatedCandle], theirs: Sequence[EvaluatedCandle]) -> None:
    """Compare; the last bits depend on where a sum began."""
    assert candles(ours) == candles(theirs)
    for our, their in zip(ours, theirs, strict=True):
        for one, other in zip(our.indicators, their.indicators, strict=True):
            assert one == (None if other is None else pytest.approx(other, rel=1e-9, abs=1e-6))


def test_the_ordinary_life_of_a_candle() -> None:
    series = series_until(0)
    assert series.next_to_close == minute(0)
    assert series.evaluated_open() is None
    assert series.take_stream(opened(0, "101", "1"), 1) == Step(changed=True)
    assert series.take_stream(opened(0, "102", "2"), 2) == Step(changed=True)
    found = series.evaluated_open()
    assert found is not None
    assert found.candle == opened(0, "102", "2")
    step = series.take_stream(closed(0, "103", "3"), 3)
    assert candles(step.closed) == [closed(0, "103", "3")]
    assert (step.corrected, step.changed, step.gap) == ((), False, None)
    assert series.evaluated_open() is None
    assert series.take_stream(opened(1), 4) == Step(changed=True)


def test_what_is_stale_changes_nothing() -> None:
    series = series_until(0)
    series.take_stream(opened(0, "102", "2"), 20)
    for candle, event_ms in [
        (opened(0, "102", "2"), 20),
        (opened(0, "101", "3"), 19),
        (opened(-1), 30),
        (closed(-1), 30),
        (closed(-1, "999"), 30),
    ]:
        assert series.take_stream(candle, event_ms) == NOTHING
    found = series.evaluated_open()
    assert found is not None
    assert found.candle == opened(0, "102", "2")


def test_a_closing_message_that_was_lost_is_a_gap_and_nothing_newer_is_told() -> None:
    series = series_until(0)
    series.take_stream(opened(0), 1)
    gap = Gap(minute(0), minute(0))
    assert series.take_stream(opened(1), 2) == Step(gap=gap)
    assert series.gap == gap
    assert series.evaluated_open() is None
    # Not news, and still nothing to tell.
    assert series.take_stream(opened(1, "104"), 3) == NOTHING
    assert series.take_stream(closed(1, "104"), 4) == NOTHING
    assert series.take_stream(opened(3), 5) == Step(gap=Gap(minute(0), minute(2)))
    rows = [closed(0, "101"), closed(1, "104"), closed(2), opened(3)]
    step = series.take_venue(rows, minute(0))
    assert candles(step.closed) == rows[:3]
    assert step.changed
    assert series.gap is None


def test_a_late_closing_message_closes_a_gap_by_itself() -> None:
    series = series_until(0)
    assert series.take_stream(closed(1), 2).gap == Gap(minute(0), minute(0))
    assert candles(series.take_stream(closed(0), 1).closed) == [closed(0), closed(1)]


def test_a_silent_feed_shows_by_the_clock() -> None:
    series = series_until(0)
    assert series.gap_at(minute(1) - timedelta(milliseconds=1)) is None
    assert series.gap_at(minute(1)) == Gap(minute(0), minute(0))
    assert series.gap_at(minute(4)) == Gap(minute(0), minute(3))
    assert CandleSeries("BTCUSDT", M1).gap_at(minute(0)) is None


def test_what_the_stream_tells_before_the_past_is_known_is_kept() -> None:
    series = CandleSeries("BTCUSDT", M1)
    for candle in (opened(-1), closed(-1), closed(0), opened(1)):
        assert series.take_stream(candle, 1) == NOTHING
    step = series.prime([closed(-3), closed(-2)])
    assert candles(step.closed) == [closed(-1), closed(0)]
    assert step.changed
    late = CandleSeries("BTCUSDT", M1)
    late.take_stream(opened(1), 1)
    assert late.prime([closed(-3), closed(-2)]) == Step(gap=Gap(minute(-1), minute(0)))


def test_a_symbol_without_a_past_begins_with_its_first_candle() -> None:
    series = CandleSeries("BTCUSDT", M1)
    assert series.prime([]) == NOTHING
    assert series.take_stream(opened(0), 1) == Step(changed=True)
    assert candles(series.take_stream(closed(0), 2).closed) == [closed(0)]


def test_what_the_venue_never_had_is_no_gap() -> None:
    series = series_until(0)
    series.take_stream(closed(2), 1)
    step = series.take_venue([closed(4), closed(5), opened(8)], minute(0))
    assert candles(step.closed) == [closed(2), closed(4), closed(5)]
    assert step.changed
    assert series.gap is None
    assert series.next_to_close == minute(8)


def test_an_answer_that_begins_later_does_not_say_so() -> None:
    series = series_until(0)
    step = series.take_venue([closed(2), opened(3)], minute(2))
    assert step == Step(gap=Gap(minute(0), minute(1)))


def test_the_venue_corrects_what_is_closed() -> None:
    series = series_until(0)
    series.take_stream(closed(0), 1)
    series.take_stream(closed(1), 2)
    same = [closed(-1), closed(0), closed(1), opened(2)]
    assert series.take_venue(same, minute(-1)) == Step(changed=True)
    rows = [closed(-1), closed(0, "99"), closed(1), opened(2)]
    step = series.take_venue(rows, minute(-1))
    assert candles(step.corrected) == rows[1:3]
    assert step.closed == ()
    assert series.take_venue(rows, minute(-1)) == NOTHING


def test_a_correction_changes_the_indicators_of_what_follows() -> None:
    walk = random_walk(300)
    series, other = CandleSeries("BTCUSDT", M1), CandleSeries("BTCUSDT", M1)
    series.prime(walk[:290])
    other.prime([*walk[:288], replace(walk[288], close=walk[288].low), walk[289]])
    series.take_venue(walk[290:299], walk[290].open_time)
    wanted = other.take_venue(walk[290:299], walk[290].open_time).closed
    rows = [replace(walk[288], close=walk[288].low), *walk[289:299]]
    step = series.take_venue(rows, walk[288].open_time)
    assert candles(step.corrected) == rows
    assert_alike(step.corrected[2:], wanted)


def test_a_rest_answer_older_than_the_stream_is_stale() -> None:
    series = series_until(0)
    series.take_stream(opened(0, "102", "2"), 20)
    assert series.take_venue([opened(0, "101", "1")], minute(0)) == NOTHING
    assert series.take_venue([opened(0, "103", "3")], minute(0)) == Step(changed=True)
    assert series.take_stream(opened(0, "101", "2.5"), 19) == NOTHING
    assert series.take_stream(opened(0, "104", "4"), 21) == Step(changed=True)


def test_a_stream_older_than_the_first_rest_answer_is_stale() -> None:
    series = series_until(0)
    series.take_venue([opened(0, "101", "3")], minute(0))
    assert series.take_stream(opened(0, "100", "2"), 19) == NOTHING
    assert series.take_stream(opened(0, "104", "4"), 21) == Step(changed=True)


@pytest.mark.parametrize(
    "history",
    [[closed(1), closed(0)], [closed(0), closed(0)], [closed(0), opened(1)]],
)
def test_a_history_has_to_be_one(history: list[Candle]) -> None:
    with pytest.raises(ValueError):
        CandleSeries("BTCUSDT", M1).prime(history)
    series = series_until(0)
    with pytest.raises(ValueError):
        series.prime([])


def test_the_end_of_a_history_as_far_back_as_it_is_whole() -> None:
    history = [closed(each) for each in (0, 1, 3, 4, 5)]
    assert unbroken_end(history) == history[2:]
    assert unbroken_end(history[:2]) == history[:2]
    assert unbroken_end([]) == []


def test_one_at_a_time_and_all_at_once_are_the_same_also_beyond_the_buffer() -> None:
    walk = random_walk(3 * WINDOW)
    single, paged = CandleSeries("BTCUSDT", M1), CandleSeries("BTCUSDT", M1)
    for series in (single, paged):
        series.prime(walk[:500])
    one = [each for candle in walk[500:] for each in single.take_stream(candle, 1).closed]
    many: list[EvaluatedCandle] = []
    for start in range(500, len(walk), WINDOW):
        page = walk[start : start + WINDOW]
        many += paged.take_venue(page, page[0].open_time).closed
    assert candles(one) == walk[500:]
    assert_alike(one, many)


def test_what_is_told_has_the_indicators_of_the_whole_series() -> None:
    walk = random_walk(3 * WINDOW, seed=7)
    series = CandleSeries("BTCUSDT", M1)
    series.prime(walk[WINDOW : 2 * WINDOW])
    page = walk[2 * WINDOW : 2 * WINDOW + 400]
    told = [*series.take_venue(page, page[0].open_time).closed]
    for candle in walk[2 * WINDOW + 400 :]:
        told += series.take_stream(candle, 1).closed
    rows = [(float(c.high), float(c.low), float(c.close), float(c.volume)) for c in walk]
    high, low, close, volume = np.array(rows).T.copy()
    wanted = indicators_of_each(high, low, close, volume, WINDOW)
    pairs = zip(walk[2 * WINDOW :], wanted, strict=True)
    assert_alike(told, [EvaluatedCandle(*each) for each in pairs])
