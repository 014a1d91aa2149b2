from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notification_times import (
    DailyAt,
    EveryMinutes,
    QuietHours,
    is_quiet,
    next_digest,
    quiet_until,
    release_at,
)

VIENNA = ZoneInfo("Europe/Vienna")
ZONES = [
    ZoneInfo(name)
    for name in (
        *("UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"),
        *("Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia"),
    )
]
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
# Years with every kind of move of the clocks, to the second.
moments = st.integers(1_262_304_000, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))
zones = st.sampled_from(ZONES)


@st.composite
def quiet_hours(draw: st.DrawFn) -> QuietHours:
    starts, ends = draw(st.lists(clocks, min_size=2, max_size=2, unique=True))
    return QuietHours(starts, ends, draw(zones))


@given(quiet_hours(), moments)
def test_quiet_hours_end_and_nothing_is_quiet_at_their_end(
    quiet: QuietHours, now: datetime
) -> None:
    until = quiet_until(quiet, now)
    assert (until is not None) == is_quiet(quiet, now)
    if until is not None:
        assert now < until <= now + timedelta(hours=49)
        assert not is_quiet(quiet, until)


@given(quiet_hours(), moments)
def test_quiet_and_loud_hours_share_the_day(quiet: QuietHours, now: datetime) -> None:
    others = QuietHours(quiet.ends, quiet.starts, quiet.timezone)
    assert is_quiet(quiet, now) != is_quiet(others, now)


@given(clocks, zones, moments)
def test_a_daily_digest_comes_every_day_at_its_time(
    at: time, zone: ZoneInfo, now: datetime
) -> None:
    daily = DailyAt(at, zone)
    due = next_digest(daily, now)
    assert now < due <= now + timedelta(hours=49)
    assert next_digest(daily, due) > due
    # The time it was asked for, unless the clock jumps over it.
    shown = due.astimezone(zone)
    jumps = shown.utcoffset() != (due - timedelta(seconds=1)).astimezone(zone).utcoffset()
    assert shown.time() == at or jumps


@given(st.integers(5, 1_440), moments)
def test_digests_every_so_many_minutes(minutes: int, now: datetime) -> None:
    digest = EveryMinutes(minutes)
    due = next_digest(digest, now)
    assert now < due <= now + timedelta(minutes=minutes)
    assert next_digest(digest, due) == due + timedelta(minutes=minutes)


@given(st.none() | quiet_hours(), st.builds(DailyAt, clocks, zones) | st.none(), moments)
def test_what_is_released_is_released_into_no_quiet_hours(
    quiet: QuietHours | None, digest: DailyAt | None, now: datetime
) -> None:
    release = release_at(quiet, digest, now)
    if release is None:
        assert digest is None
        assert quiet is None or not is_quiet(quiet, now)
    else:
        assert release > now
        assert quiet is None or not is_quiet(quiet, release)


def vienna(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-10T21:59", None),
        ("2026-01-10T22:00", "2026-01-11T07:00"),
        ("2026-01-11T06:59:59", "2026-01-11T07:00"),
        ("2026-01-11T07:00", None),
        # The night that is an hour shorter, and the one that is an hour longer.
        ("2026-03-28T23:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_nights_in_vienna(now: str, until: str | None) -> None:
    nights = QuietHours(time(22), time(7), VIENNA)
    assert quiet_until(nights, vienna(now)) == (None if until is None else vienna(until))


def test_an_end_that_the_clock_jumps_over() -> None:
    # 02:00 becomes 03:00: half past two is the moment of the jump.
    nights = QuietHours(time(22), time(2, 30), VIENNA)
    assert quiet_until(nights, vienna("2026-03-29T01:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    daily = DailyAt(time(2, 30), VIENNA)
    assert next_digest(daily, vienna("2026-03-29T01:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_time_that_comes_twice_is_one_digest() -> None:
    daily = DailyAt(time(2, 30), VIENNA)
    first = next_digest(daily, vienna("2026-10-25T01:00"))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_digest(daily, first) == vienna("2026-10-26T02:30")


def test_always_and_never_look_the_same() -> None:
    with pytest.raises(ValueError, match="end when they begin"):
        QuietHours(time(7), time(7), VIENNA)
