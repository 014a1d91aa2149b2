from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.exchange.market.intervals import MINUTE_MS
from sandbox.exchange.market.noise import PriceFunction
from sandbox.exchange.market.recording import Recording, path, read_rows
from sandbox.exchange.market.replay import ReplaySource

START_MS = 1_700_000_100_000 // (15 * MINUTE_MS) * 15 * MINUTE_MS
LINES = [
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker,taker_quote,ignore",
    *(
        f"{START_MS + minute * MINUTE_MS},{100 + minute},{110 + minute},{90 + minute},"
        f"{101 + minute},{minute + 1}.5,{START_MS + (minute + 1) * MINUTE_MS - 1},700,7,0.5,50,0"
        for minute in range(30)
    ),
]


def recording() -> Recording:
    return Recording(read_rows(LINES), MINUTE_MS)


def test_a_candle_is_told_by_quarters_and_then_whole() -> None:
    rows, opens = recording(), [START_MS]
    assert rows.between("1m", opens, START_MS - 1) == []
    seen = [rows.between("1m", opens, START_MS + passed_ms)[0] for passed_ms in (0, 15_000, 30_000)]
    prices = [tuple(map(int, (each.high, each.low, each.close))) for each in seen]
    assert prices == [(100, 100, 100), (100, 90, 90), (110, 90, 110)]
    assert [each.volume for each in seen] == [0, Decimal("0.375"), Decimal("0.75")]
    whole = rows.between("1m", opens, START_MS + MINUTE_MS)[0]
    assert whole == rows.rows[0]


def test_longer_candles_are_made_of_the_files_and_shorter_there_are_none() -> None:
    rows = recording()
    (found,) = rows.between("15m", [START_MS], rows.end_ms)
    prices = (found.open, found.close, found.high, found.low)
    assert tuple(map(int, prices)) == (100, 115, 124, 90)
    assert found.volume == sum(Decimal(minute) + Decimal("1.5") for minute in range(15))
    assert rows.between("1s", [START_MS], rows.end_ms) == []
    assert rows.between("1m", [START_MS - MINUTE_MS, rows.end_ms], rows.end_ms) == []


@given(st.integers(0, 40 * MINUTE_MS))
def test_what_is_over_never_changes(passed_ms: int) -> None:
    rows = recording()
    now_ms = START_MS + passed_ms
    opens = [row.open_ms for row in rows.rows]
    found = rows.between("1m", opens, now_ms)
    over = min(passed_ms // MINUTE_MS, 30)
    assert found[:over] == rows.rows[:over]
    assert len(found) == min(over + 1, 30)


def test_the_recordings_time_runs_at_its_speed_and_stops_at_its_end() -> None:
    model = PriceFunction(7, "BTCUSDT", 50_000.0, 0.03)
    source = ReplaySource(read_rows(LINES), 0, 60.0, model)
    assert source.recorded_ms(0) == START_MS
    assert source.recorded_ms(1_000) == START_MS + MINUTE_MS
    assert source.recorded_ms(10**9) == source.recording.end_ms
    assert tuple(map(int, path(source.recording.rows[0]))) == (100, 90, 110, 101)


def test_volumes_may_be_left_out_but_prices_not() -> None:
    assert read_rows([[START_MS, "1", "2", "0.5", "1"]])[0].volume == 0
    for bad in ([[START_MS, "1", "2"]], [[START_MS, "1", "x", "1", "1"]], [], [[1, 1, 1, 0, 1]]):
        with pytest.raises(ValueError, match=r"."):
            read_rows(bad)
