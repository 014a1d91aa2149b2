from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.redis_quotes import CandleUpdate
from domain.candle_view import CandleSource
from domain.candles import Candle, Timeframe
from workers.streaming.candle_channel import OPEN_EVERY_S
from workers.streaming.candles import MOST_ANNOUNCED, LiveCandles
from workers.streaming.messages import InvalidMessageError

START = datetime(2025, 10, 10, 12, tzinfo=UTC)
AT = datetime(2025, 10, 10, 13, tzinfo=UTC)
KEY = ("BTCUSDT", Timeframe.M1)
STREAM = "btcusdt@kline_1m"
MINUTE = timedelta(minutes=1)


def candle(minute: int, close: str = "100", *, closed: bool = True) -> Candle:
    opens = START + minute * MINUTE
    ends = opens + MINUTE - timedelta(milliseconds=1)
    prices = (Decimal(100), Decimal(200), Decimal(50), Decimal(close))
    return Candle(*KEY, opens, ends, *prices, Decimal(minute + 1), closed)


def kline(minute: int, close: str = "100", *, closed: bool = False, **more: Any) -> dict[str, Any]:
    opens_ms = int((START + minute * MINUTE).timestamp() * 1_000)
    told = {
        "t": opens_ms, "T": opens_ms + 59_999, "s": "BTCUSDT", "i": "1m", "o": "100", "h": "200",
        "l": "50", "c": close, "v": str(minute + 1), "x": closed, **more,
    }  # fmt: skip
    return {"e": "kline", "E": opens_ms + int(closed), "s": "BTCUSDT", "k": told}


def live(frame: bytes | None = None, history: int = 0) -> LiveCandles:
    candles = LiveCandles()
    candles.open(KEY, frame)
    candles.prime(KEY, [candle(each) for each in range(-history, 0)], 0.0, AT)
    return candles


def shown(updates: list[CandleUpdate]) -> list[tuple[int, int, bool]]:
    """Return each frame's sequence, minute, and whether it is closed."""
    found = []
    for update in updates:
        frame = orjson.loads(update.frame)
        assert frame["data"] == orjson.loads(update.document)
        assert (frame["type"], frame["channel"]) == ("kline_update", "BTCUSDT@kline_1m")
        assert frame["sequence"] == frame["data"]["sequence"]
        minute = (datetime.fromisoformat(frame["data"]["open_time"]) - START) // MINUTE
        found.append((frame["sequence"], minute, frame["data"]["closed"]))
    return found


def written(candles: LiveCandles, now_s: float) -> list[tuple[int, int, bool]]:
    found = shown(candles.due(now_s, AT))
    candles.confirm()
    return found


def test_a_candle_in_progress_is_told_at_most_so_often_and_its_end_at_once() -> None:
    candles = live(history=3)
    assert candles.take_opened(STREAM, kline(0), 0.0, AT)
    assert written(candles, 0.0) == [(1, 0, False)]
    candles.take_opened(STREAM, kline(0, "101"), 0.01, AT)
    assert candles.next_due_s() == pytest.approx(OPEN_EVERY_S)
    assert written(candles, OPEN_EVERY_S / 2) == []
    assert written(candles, OPEN_EVERY_S) == [(2, 0, False)]
    assert candles.take_opened(STREAM, kline(0, "102", closed=True), 0.25, AT)
    assert written(candles, 0.25) == [(3, 0, True)]
    (stored,) = candles.take_closed()
    assert (stored.stored.enrichment.sequence, stored.corrected) == (3, False)
    assert stored.stored.enrichment.source is CandleSource.STREAM
    assert candles.take_closed() == []


def test_nothing_is_told_beyond_a_gap_until_it_is_filled() -> None:
    candles = live(history=3)
    candles.take_opened(STREAM, kline(2), 0.0, AT)
    assert candles.take_gapped() == {KEY}
    assert written(candles, 1.0) == []
    gap = candles.gap(KEY)
    assert gap is not None
    assert (gap.first_missing, gap.last_missing) == (START, START + MINUTE)
    candles.take_venue(KEY, [candle(0), candle(1)], START, 1.0, AT)
    assert written(candles, 1.0) == [(1, 0, True), (2, 1, True), (3, 2, False)]
    assert [each.stored.enrichment.source for each in candles.take_closed()] == ["rest", "rest"]


def test_the_history_of_a_first_start_is_stored_and_not_told() -> None:
    candles = LiveCandles()
    candles.open(KEY, None)
    candles.take_venue(KEY, [candle(each) for each in range(5)], START, 0.0, AT)
    candles.prime(KEY, [], 0.0, AT)
    assert written(candles, 0.0) == []
    assert [each.stored.enrichment.sequence for each in candles.take_closed()] == [None] * 5


def test_a_successor_tells_what_closed_since_the_last_frame() -> None:
    before = live(history=3)
    before.take_opened(STREAM, kline(0), 0.0, AT)
    (update,) = before.due(0.0, AT)
    after = live(update.frame, history=3)
    after.take_venue(KEY, [candle(0), candle(1), candle(2, closed=False)], START, 0.0, AT)
    assert written(after, 0.0) == [(2, 0, True), (3, 1, True), (4, 2, False)]


def test_only_the_end_of_a_long_gap_is_told_one_by_one() -> None:
    candles, count = live(history=3), MOST_ANNOUNCED + 20
    candles.take_venue(KEY, [candle(each) for each in range(count)], START, 0.0, AT)
    assert len(written(candles, 0.0)) == MOST_ANNOUNCED
    assert len(candles.take_closed()) == count


def test_what_could_not_be_stored_is_begun_anew_and_told_once() -> None:
    candles = live(history=3)
    candles.take_opened(STREAM, kline(0, closed=True), 0.0, AT)
    assert written(candles, 0.0) == [(1, 0, True)]
    candles.take_closed()
    candles.restart(KEY)
    assert candles.is_primed(KEY) is False
    candles.prime(KEY, [candle(each) for each in range(-3, 0)], 1.0, AT)
    candles.take_venue(KEY, [candle(0), candle(1)], START, 1.0, AT)
    assert written(candles, 1.0) == [(2, 1, True)]
    assert len(candles.take_closed()) == 2


def test_the_venues_correction_is_told_and_stored_as_one() -> None:
    candles = live(history=3)
    candles.take_venue(KEY, [candle(-2, "77")], START - 2 * MINUTE, 0.0, AT)
    assert written(candles, 0.0) == [(1, -2, True)]
    (stored,) = candles.take_closed()
    assert stored.corrected


@pytest.mark.parametrize(
    ("stream", "told", "kind"),
    [
        ("btcusdt@kline_5m", kline(0), "unknown stream"),
        ("btcusdt@kline_1m", kline(0, i="5m"), "bad T"),
        ("btcusdt@kline_1m", kline(0, s="ETHUSDT"), "bad s"),
        ("btcusdt@kline_1m", kline(0, c="x"), "bad c"),
        ("btcusdt@kline_1m", kline(0, h="99"), "contradicting prices"),
        ("btcusdt@kline_1m", kline(-1), "stale candle"),
        ("btcusdt@kline_1m", {"k": None}, "not a kline"),
    ],
)
def test_a_bad_message_is_dropped_whole(stream: str, told: dict[str, Any], kind: str) -> None:
    candles = live(history=3)
    with pytest.raises(InvalidMessageError) as caught:
        candles.take_opened(stream, told, 0.0, AT)
    assert caught.value.kind == kind
    assert written(candles, 1.0) == []


def test_a_series_that_is_closed_is_forgotten() -> None:
    candles = live(history=3)
    candles.take_opened(STREAM, kline(0), 0.0, AT)
    candles.close(KEY)
    assert candles.due(1.0, AT) == []
    assert (candles.keys, candles.channels, candles.is_primed(KEY)) == ([], [], None)
    assert candles.gap(KEY) is None
    assert not candles.take_venue(KEY, [candle(0)], START, 0.0, AT)
    assert not candles.prime(KEY, [], 0.0, AT)


@settings(max_examples=200)
@given(st.data())
def test_whatever_breaks_each_closed_candle_is_told_once_and_counts_have_no_hole(
    data: st.DataObject,
) -> None:
    candles, now_s, told, minute = live(history=3), 0.0, list[tuple[int, int, bool]](), 0
    redis: dict[str, int] = {}
    for _ in range(data.draw(st.integers(1, 40))):
        now_s += data.draw(st.sampled_from([0.01, 0.1, 0.3]))
        act = data.draw(st.sampled_from(["open", "close", "skip", "fill", "lost", "unheard"]))
        if act == "skip":
            minute += 1
        elif act in {"open", "close"}:
            candles.take_opened(STREAM, kline(minute, closed=act == "close"), now_s, AT)
            minute += act == "close"
        elif act == "fill" and (gap := candles.gap(KEY)) is not None:
            first = (gap.first_missing - START) // MINUTE
            page = [candle(each) for each in range(first, minute)]
            candles.take_venue(KEY, page, gap.first_missing, now_s, AT)
        found = shown(candles.due(now_s, AT))
        if act != "lost" and found:
            told += found
            redis["BTCUSDT@kline_1m"] = found[-1][0]
        if act in {"lost", "unheard"}:
            candles.resume(redis, now_s)
        else:
            candles.confirm()
    assert [sequence for sequence, _, _ in told] == list(range(1, len(told) + 1))
    closed = [minute for _, minute, closed in told if closed]
    assert closed == list(range(len(closed)))
    assert [each.stored.candle.open_time for each in candles.take_closed()] == [
        START + each * MINUTE for each in closed
    ]
