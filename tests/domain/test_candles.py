from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candles import (
    Timeframe,
    close_time_of,
    next_open_time,
    open_time_before,
    open_time_of,
)

timeframes = st.sampled_from(Timeframe)
moments = st.datetimes(datetime(1970, 2, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
MILLISECOND = timedelta(milliseconds=1)


@given(timeframe=timeframes, moment=moments)
def test_spans_tile_time(timeframe: Timeframe, moment: datetime) -> None:
    open_time = open_time_of(timeframe, moment)
    following = next_open_time(timeframe, open_time)
    assert open_time <= moment < following
    # Every moment of a span belongs to it and to no other.
    assert open_time_of(timeframe, open_time) == open_time
    assert open_time_of(timeframe, following - timedelta(microseconds=1)) == open_time
    assert open_time_of(timeframe, following) == following
    assert open_time_of(timeframe, open_time - timedelta(microseconds=1)) < open_time
    assert close_time_of(timeframe, open_time) + MILLISECOND == following


@given(timeframe=timeframes, moment=moments, count=st.integers(0, 120))
def test_walking_back_meets_walking_on(timeframe: Timeframe, moment: datetime, count: int) -> None:
    open_time = open_time_of(timeframe, moment)
    walked = before = open_time_before(timeframe, open_time, count)
    for _ in range(count):
        walked = next_open_time(timeframe, walked)
    assert walked == open_time
    assert open_time_before(timeframe, before, -count) == open_time
    assert open_time_of(timeframe, before) == before


@pytest.mark.parametrize(
    ("timeframe", "moment", "open_time", "following"),
    [
        ("1s", "2025-10-10T12:34:56.789", "2025-10-10T12:34:56", "2025-10-10T12:34:57"),
        ("15m", "2025-10-10T12:34:56.789", "2025-10-10T12:30", "2025-10-10T12:45"),
        ("8h", "2025-10-10T12:34:56.789", "2025-10-10T08:00", "2025-10-10T16:00"),
        ("1d", "2024-02-29T23:59:59.999", "2024-02-29", "2024-03-01"),
        # Weeks begin on Monday, spans of three days on the day after the epoch.
        ("1w", "2025-10-12T23:59:59.999", "2025-10-06", "2025-10-13"),
        ("1w", "2025-10-13T00:00", "2025-10-13", "2025-10-20"),
        ("3d", "1970-01-04T23:59:59.999", "1970-01-02", "1970-01-05"),
        ("3d", "2017-08-17T04:00", "2017-08-17", "2017-08-20"),
        ("3d", "2024-01-03T00:00", "2024-01-01", "2024-01-04"),
        ("3d", "2024-02-03T00:00", "2024-02-03", "2024-02-06"),
        ("1M", "2024-02-29T23:59:59.999", "2024-02-01", "2024-03-01"),
        ("1M", "2025-12-31T00:00", "2025-12-01", "2026-01-01"),
        ("1M", "2025-01-31T00:00", "2025-01-01", "2025-02-01"),
    ],
)
def test_known_spans(timeframe: str, moment: str, open_time: str, following: str) -> None:
    found = open_time_of(Timeframe(timeframe), datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(open_time).replace(tzinfo=UTC)
    wanted = datetime.fromisoformat(following).replace(tzinfo=UTC)
    assert next_open_time(Timeframe(timeframe), found) == wanted
