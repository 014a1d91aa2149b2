"""What became of an analysis, from candles."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import Opinion, Signal
from domain.candles import Candle, Timeframe, open_time_of
from domain.scorecard import Outcome, Score, score_of, scoring_span

D = Decimal
START = datetime(2026, 3, 14, 12, tzinfo=UTC)
LONG = Opinion(Signal.LONG, D("0.8"), "why", D(100), D(90), D(120), D(2))
# Beside the entry, so that the candles tell whether it is reached.
PRICE = {Signal.LONG: D(101), Signal.SHORT: D(99), Signal.NEUTRAL: D(100)}
SHORT = Opinion(Signal.SHORT, D("0.8"), "why", D(100), D(110), D(80), D(2))


def candle(number: int, low: int, high: int, close: int | None = None) -> Candle:
    opened = START + number * timedelta(minutes=1)
    end = D(close if close is not None else high)
    return Candle(
        "BTCUSDT", Timeframe.M1, opened, opened + timedelta(minutes=1), D(low), D(high), D(low),
        end, D(1), closed=True,
    )  # fmt: skip


def path(*ranges: tuple[int, int]) -> list[Candle]:
    return [candle(number, low, high) for number, (low, high) in enumerate(ranges)]


def scored(opinion: Opinion, *ranges: tuple[int, int]) -> tuple[Outcome, Decimal | None]:
    score = score_of(opinion, PRICE[opinion.signal], path(*ranges))
    assert score is not None
    return score.outcome, score.r_multiple


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (((99, 101), (105, 121)), (Outcome.TAKE_PROFIT, D(2))),
        (((99, 101), (89, 95)), (Outcome.STOP, D(-1))),
        # Both in one candle: the stop came first.
        (((99, 101), (89, 121)), (Outcome.STOP, D(-1))),
        # The candle that opens the position cannot prove that the take-profit came after it.
        (((99, 121), (100, 110)), (Outcome.NEITHER, D(1))),
        (((89, 121),), (Outcome.STOP, D(-1))),
        (((99, 101), (101, 105)), (Outcome.NEITHER, D("0.5"))),
        (((101, 130),), (Outcome.NOT_ENTERED, None)),
        # What happens before the entry does not count.
        (((101, 130), (99, 101), (119, 120)), (Outcome.TAKE_PROFIT, D(2))),
        ((), (Outcome.NOT_ENTERED, None)),
        # It fell past the entry before the first candle, or between two, and never came back.
        (((94, 96), (88, 93)), (Outcome.STOP, D(-1))),
        (((101, 103), (91, 95), (92, 94)), (Outcome.NEITHER, D("-0.6"))),
    ],
)
def test_long(
    ranges: tuple[tuple[int, int], ...], expected: tuple[Outcome, Decimal | None]
) -> None:
    assert scored(LONG, *ranges) == expected


def test_neutral_claims_nothing() -> None:
    assert score_of(Opinion(Signal.NEUTRAL, D(1), "why"), D(1), path((1, 2))) is None


_ranges = st.lists(
    st.tuples(st.integers(80, 120), st.integers(0, 30)).map(lambda r: (r[0], r[0] + r[1])),
    min_size=1,
    max_size=12,
)


def mirrored(candles: list[Candle]) -> list[Candle]:
    """Turn prices over at 100."""
    return [
        Candle(
            c.symbol, c.timeframe, c.open_time, c.close_time,
            200 - c.open, 200 - c.low, 200 - c.high, 200 - c.close, c.volume, c.closed,
        )
        for c in candles
    ]  # fmt: skip


@given(_ranges)
def test_a_short_is_a_long_turned_over(ranges: list[tuple[int, int]]) -> None:
    long, short = (
        score_of(LONG, D(101), path(*ranges)),
        score_of(SHORT, D(99), mirrored(path(*ranges))),
    )
    assert long is not None
    assert short is not None
    assert (long.outcome, long.entered_at, long.ended_at, long.r_multiple) == (
        short.outcome, short.entered_at, short.ended_at, short.r_multiple,
    )  # fmt: skip


@given(_ranges, _ranges)
def test_what_has_ended_is_not_changed_by_what_follows(
    ranges: list[tuple[int, int]], later: list[tuple[int, int]]
) -> None:
    score = score_of(LONG, D(101), path(*ranges))
    assert isinstance(score, Score)
    if score.outcome in {Outcome.TAKE_PROFIT, Outcome.STOP}:
        assert score_of(LONG, D(101), path(*ranges, *later)) == score
    assert score.r_multiple is None or D(-1) <= score.r_multiple


@pytest.mark.parametrize("timeframe", Timeframe)
def test_the_span_begins_after_the_analysis_and_ends_in_time(timeframe: Timeframe) -> None:
    created_at = START + timedelta(minutes=7, seconds=3)
    span = scoring_span(timeframe, created_at)
    assert span.first > created_at
    assert open_time_of(span.timeframe, span.first) == span.first
    assert span.last > span.first
    assert span.ends_at > span.last
