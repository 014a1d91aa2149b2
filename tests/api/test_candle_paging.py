from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from api.candle_paging import NEWER, OLDER, CandleQuery, page_of
from domain.candles import Timeframe, next_open_time, open_time_of
from domain.paging import PagePosition

NOW = datetime(2025, 10, 10, 12, 0, 30, tzinfo=UTC)
M1 = Timeframe.M1
FIRST_EVER = datetime(1, 1, 1, tzinfo=UTC)
LAST_EVER = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-10-10T{text}+00:00")


def test_the_newest_end_with_the_one_in_progress() -> None:
    page = page_of(M1, CandleQuery(3), NOW)
    assert page is not None
    assert (page.first, page.last) == (at("11:58"), at("12:00"))
    assert page.following == PagePosition(at("11:57"), OLDER)
    assert page.position_after(found=True) == page.following
    assert page.position_after(found=False) is None


def test_from_a_start_on() -> None:
    page = page_of(M1, CandleQuery(3, start=at("11:49:00.001")), NOW)
    assert page is not None
    assert (page.first, page.last) == (at("11:50"), at("11:52"))
    assert page.following == PagePosition(at("11:53"), NEWER)
    assert page.position_after(found=False) == page.following
    whole = page_of(M1, CandleQuery(3, start=at("11:50"), end=at("11:51:59")), NOW)
    assert whole is not None
    assert (whole.first, whole.last, whole.following) == (at("11:50"), at("11:51"), None)


def test_a_range_in_which_no_candle_begins() -> None:
    for query in (
        CandleQuery(3, start=at("11:49:00.001"), end=at("11:49:59")),
        CandleQuery(3, start=at("12:01")),
        CandleQuery(3, start=LAST_EVER),
        CandleQuery(3, end=FIRST_EVER),
        CandleQuery(3, start=FIRST_EVER, end=FIRST_EVER),
        CandleQuery(3, PagePosition(at("12:01"), NEWER), start=at("11:00")),
    ):
        assert page_of(M1, query, NOW) is None, query


def test_times_in_other_zones_and_at_the_ends_of_time() -> None:
    for timeframe in Timeframe:
        for offset in (timedelta(hours=-12), timedelta(0), timedelta(hours=14)):
            zone = timezone(offset)
            start, end = (each.replace(tzinfo=zone) for each in (FIRST_EVER, LAST_EVER))
            page = page_of(timeframe, CandleQuery(1_000, start=start, end=end), NOW)
            assert page is not None
            assert page.first >= datetime(1970, 1, 1, tzinfo=UTC)
            for moment in (start, end):
                for kind in (NEWER, OLDER):
                    page_of(timeframe, CandleQuery(1_000, PagePosition(moment, kind)), NOW)


@given(
    timeframe=st.sampled_from(Timeframe),
    limit=st.integers(1, 40),
    start=st.none() | st.integers(0, 10**6),
    end=st.none() | st.integers(0, 10**6),
)
def test_pages_are_a_range_without_hole_or_double(
    timeframe: Timeframe, limit: int, start: int | None, end: int | None
) -> None:
    assume(start is None or end is None or start >= end)
    assume(start is not None or limit > 5)
    begin = None if start is None else NOW - timedelta(seconds=start)
    until = None if end is None else NOW - timedelta(seconds=end)
    position: PagePosition | None = None
    pages: list[list[datetime]] = []
    while len(pages) < 30:
        page = page_of(timeframe, CandleQuery(limit, position, begin, until), NOW)
        if page is None:
            break
        times = [page.first]
        while times[-1] < page.last:
            times.append(next_open_time(timeframe, times[-1]))
        assert times[-1] == page.last
        assert len(times) <= limit
        pages.append(times)
        position = page.position_after(found=True)
        if position is None:
            break
    if begin is None:
        pages.reverse()
    seen = [time for times in pages for time in times]
    assert all(next_open_time(timeframe, one) == other for one, other in pairwise(seen))
    for time in seen:
        assert begin is None or time >= begin
        assert time <= (until or NOW)
    if begin is None:
        assert seen[-1] == open_time_of(timeframe, until or NOW)
    elif seen:
        assert open_time_of(timeframe, begin - timedelta(milliseconds=1)) < seen[0]
        assert seen[0] <= next_open_time(timeframe, open_time_of(timeframe, begin))
        if position is None:
            assert seen[-1] == open_time_of(timeframe, until or NOW)
