"""Ranges of cold storage: joined, and nothing of them lost or made up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.archival.cold_ranges import ColdRange, cold_view, joined

START = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 40


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def covered(ranges: list[ColdRange], first: int = 0) -> set[int]:
    return {
        number
        for number in range(first, DAYS)
        if any(each.since <= day(number) <= each.until for each in ranges)
    }


FILES = st.lists(
    st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)), max_size=12
).map(
    lambda spans: [
        ColdRange(day(min(span)), day(max(span)), (f"file-{number}",))
        for number, span in enumerate(spans)
    ]
)  # fmt: skip


@given(files=FILES, first=st.none() | st.integers(0, DAYS))
def test_joined_ranges_cover_what_the_files_do_and_name_each_once(
    files: list[ColdRange], first: int | None
) -> None:
    since = None if first is None else day(first)
    ranges = joined(files, since)
    assert covered(ranges) == covered(files, first or 0)
    named = [name for each in ranges for name in each.manifest_ids]
    asked = {f.manifest_ids[0] for f in files if since is None or f.until >= since}
    assert sorted(named) == sorted(asked)
    for earlier, later in pairwise(ranges):
        assert earlier.since <= earlier.until < later.since
    assert since is None or all(each.since >= since for each in ranges)


def test_the_interfaces_form() -> None:
    files = [
        ColdRange(day(20), day(25), ("c",)),
        ColdRange(day(3), day(9), ("b",)),
        ColdRange(day(0), day(5), ("a",)),
    ]
    assert cold_view(joined(files, day(2))) == [
        {"from": day(2), "to": day(9), "manifest_ids": ["a", "b"]},
        {"from": day(20), "to": day(25), "manifest_ids": ["c"]},
    ]
