from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.account import (
    OrderRate,
)
from domain.risk import (
    advance_rate,
    orders_last_minute,
)
from tests.domain.judging import D


def at(second: float) -> datetime:
    return datetime(2026, 3, 14, 12, 0, tzinfo=UTC) + timedelta(seconds=second)


@given(st.lists(st.integers(0, 250), max_size=120).map(sorted), st.integers(1, 20))
def test_the_window_counts_this_minute_and_what_is_left_of_the_last(
    seconds: list[int], limit: int
) -> None:
    rate, accepted = OrderRate(), list[int]()
    for second in seconds:
        tried = advance_rate(rate, at(second))
        this = sum(s // 60 == second // 60 for s in accepted) + 1
        last = sum(s // 60 == second // 60 - 1 for s in accepted)
        estimate = orders_last_minute(tried, at(second))
        assert abs(estimate * 60 - (this * 60 + last * (60 - second % 60))) < D("1e-20")
        if estimate <= limit:
            rate = tried
            accepted.append(second)
    for second in accepted:
        assert sum(s // 60 == second // 60 for s in accepted) <= limit
        assert sum(0 <= s - second < 60 for s in accepted) <= 2 * limit


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 119))
def test_a_clock_that_lags_does_not_empty_the_window(count: int, previous: int, lag_s: int) -> None:
    minute = int(at(60).timestamp()) // 60
    rate = OrderRate(minute, count, previous)
    lagging = at(60 - lag_s)
    after = advance_rate(rate, lagging)
    assert after == OrderRate(minute, count + 1, previous)
    assert orders_last_minute(after, lagging) == count + 1 + previous


def test_a_third_of_the_last_minute_is_exactly_a_third() -> None:
    minute = int(at(0).timestamp()) // 60
    assert orders_last_minute(OrderRate(minute, 5, 15), at(40)) == 10
    assert orders_last_minute(OrderRate(minute, 5, 15), at(20)) == 15


def test_a_window_that_was_not_moved_on_counts_no_less_than_it_holds() -> None:
    minute = int(at(0).timestamp()) // 60
    assert orders_last_minute(OrderRate(minute, 3, 10), at(90)) == 3


def test_a_quiet_minute_empties_the_window() -> None:
    rate = OrderRate(int(at(0).timestamp()) // 60, 50, 50)
    assert advance_rate(rate, at(119)).previous_count == 50
    assert advance_rate(rate, at(120)).previous_count == 0
    assert advance_rate(rate, at(120)).count == 1
