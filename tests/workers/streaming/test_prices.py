import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.redis_quotes import Tick, parse_quote
from workers.streaming.messages import InvalidMessageError
from workers.streaming.prices import (
    ALIVE_FOR_S,
    MADE_UP_S,
    RENEW_EVERY_S,
    WRITE_EVERY_S,
    LivePrices,
)

AT = datetime(2025, 10, 10, 12, tzinfo=UTC)
SUMMARY = {
    "symbol": "BTCUSDT", "lastPrice": "45000.00", "bidPrice": "44999.00",
    "askPrice": "45001.00", "volume": "100.5", "priceChangePercent": "1.250", "closeTime": 0,
}  # fmt: skip


def book(book_id: int, bid: str = "45000.10", ask: str = "45000.20", **more: Any) -> bytes:
    told = {"u": book_id, "s": "BTCUSDT", "b": bid, "B": "1", "a": ask, "A": "1", **more}
    return orjson.dumps({"stream": "btcusdt@bookTicker", "data": told})


def ticker(event_ms: int = 1, price: str = "45000.15", **more: Any) -> bytes:
    told = {
        "e": "24hrTicker", "E": event_ms, "s": "BTCUSDT", "c": price, "v": "1234.56000000",
        "P": "-2.500", "b": "44999.00", "a": "45001.00", **more,
    }  # fmt: skip
    return orjson.dumps({"stream": "btcusdt@ticker", "data": told})


def trade(trade_id: int, price: str, traded_ms: int) -> bytes:
    told = {
        "e": "trade", "E": traded_ms, "s": "BTCUSDT", "t": trade_id, "p": price,
        "q": "0.01", "T": traded_ms, "m": True, "M": True,
    }  # fmt: skip
    return orjson.dumps({"stream": "btcusdt@trade", "data": told})


def live(sequence: int = 0) -> LivePrices:
    return LivePrices(["BTCUSDT", "ETHUSDT"], {"BTCUSDT@ticker": sequence})


def frame_of(tick: Tick) -> dict[str, Any]:
    assert tick.frame is not None
    frame: dict[str, Any] = json.loads(tick.frame, parse_float=Decimal)
    return frame


def test_a_price_needs_book_and_summary() -> None:
    prices = live()
    prices.take(book(1), 0.0, AT)
    assert prices.due(0.0) == []
    assert prices.take(ticker(), 0.0, AT), "whoever waits must hear of it"
    (tick,) = prices.due(0.0)
    quote = parse_quote(tick.document)
    assert (quote.price, quote.bid, quote.ask) == (
        Decimal("45000.15"), Decimal("45000.1"), Decimal("45000.2"),
    )  # fmt: skip
    assert (quote.volume_24h, quote.change_24h) == (Decimal("1234.56"), Decimal("-2.5"))


def test_the_frame_is_the_documents() -> None:
    prices = live(sequence=41)
    prices.take(ticker(), 0.0, AT)
    (tick,) = prices.due(0.0)
    assert frame_of(tick) == {
        "type": "price_update",
        "channel": "BTCUSDT@ticker",
        "data": {
            "symbol": "BTCUSDT",
            "price": Decimal("45000.15"),
            "bid": 44999,
            "ask": 45001,
            "volume_24h": Decimal("1234.56"),
            "change_24h": Decimal("-2.5"),
            "timestamp": "2025-10-10T12:00:00.000Z",
            "volume": Decimal("1234.56"),
        },
        "timestamp": "2025-10-10T12:00:00.000Z",
        "sequence": 42,
    }


def test_the_book_of_its_own_stream_beats_the_summarys() -> None:
    prices = live()
    prices.take(book(5), 0.0, AT)
    prices.take(ticker(), 0.0, AT)
    (tick,) = prices.due(0.0)
    assert parse_quote(tick.document).bid == Decimal("45000.1")


def test_writes_are_bounded_from_both_sides_while_the_feed_lives() -> None:
    prices = live()
    prices.take(ticker(), 0.0, AT)
    assert len(prices.due(0.0)) == 1
    prices.take(book(1), 0.01, AT)
    assert prices.due(WRITE_EVERY_S - 0.01) == []
    assert prices.next_due_s(0.01) == pytest.approx(WRITE_EVERY_S)
    (changed,) = prices.due(WRITE_EVERY_S)
    assert frame_of(changed)["sequence"] == 2
    assert prices.due(WRITE_EVERY_S + RENEW_EVERY_S - 0.01) == []
    (renewed,) = prices.due(WRITE_EVERY_S + RENEW_EVERY_S)
    assert renewed.frame is None
    assert renewed.document == changed.document


def test_a_change_soon_after_a_renewal_goes_out_at_once() -> None:
    prices = live()
    prices.take(ticker(), 0.0, AT)
    prices.due(0.0)
    (renewed,) = prices.due(RENEW_EVERY_S)
    assert renewed.frame is None
    changed_s = RENEW_EVERY_S + 0.01
    assert prices.take(book(1), changed_s, AT)
    (changed,) = prices.due(changed_s)
    assert frame_of(changed)["sequence"] == 2


def test_a_silent_feed_renews_nothing() -> None:
    prices = live()
    prices.take(ticker(), 0.0, AT)
    assert prices.due(0.5)
    assert prices.due(ALIVE_FOR_S)
    silent_s = ALIVE_FOR_S + RENEW_EVERY_S
    assert prices.due(silent_s) == []
    assert prices.next_due_s(silent_s) == float("inf")
    assert prices.take(book(1), 9.0, AT), "whoever waits must hear of it"
    assert prices.due(9.0)


def test_after_a_gap_nothing_is_known_but_the_sequence() -> None:
    prices = live()
    prices.take(book(900), 0.0, AT)
    prices.take(ticker(), 0.0, AT)
    assert prices.due(0.0)
    prices.forget(["BTCUSDT"])
    assert prices.due(0.5) == []
    prices.take(ticker(), 0.6, AT)
    # A venue that restarted counts its books from the beginning.
    prices.take(book(1), 0.6, AT)
    (tick,) = prices.due(0.7)
    assert frame_of(tick)["sequence"] == 2


def test_a_seed_fills_only_what_the_stream_has_not_said() -> None:
    prices = live()
    prices.take(book(1), 0.0, AT)
    prices.seed(SUMMARY, AT)
    (tick,) = prices.due(0.0)
    quote = parse_quote(tick.document)
    assert (quote.price, quote.bid) == (Decimal(45000), Decimal("45000.1"))
    prices.take(ticker(price="46000.00"), 0.5, AT)
    prices.seed(SUMMARY, AT)
    (tick,) = prices.due(0.6)
    assert parse_quote(tick.document).price == Decimal(46000)


def test_the_price_is_the_last_trades_sooner_than_the_summarys() -> None:
    prices = live()
    prices.take(ticker(event_ms=10, price="45000"), 0.0, AT)
    prices.take(trade(1, "45001", 11), 0.0, AT)
    assert parse_quote(prices.due(0.0)[0].document).price == Decimal(45001)
    # A summary that was made before the trade knows less; a later one knows as much.
    prices.take(ticker(event_ms=11, price="45000"), 0.2, AT)
    assert parse_quote(prices.due(0.2)[0].document).price == Decimal(45001)
    prices.take(ticker(event_ms=12, price="45002"), 0.4, AT)
    assert parse_quote(prices.due(0.4)[0].document).price == Decimal(45002)


def test_an_answer_to_a_request_is_no_message() -> None:
    assert not live().take(b'{"result":null,"id":1}', 0.0, AT)


@pytest.mark.parametrize("made", [True, False])
def test_a_write_of_which_nobody_knows_leaves_no_hole_and_no_double(made: bool) -> None:  # noqa: FBT001 - a table
    prices = live(sequence=6)
    prices.take(ticker(), 0.0, AT)
    assert frame_of(prices.due(0.0)[0])["sequence"] == 7
    prices.resume({"BTCUSDT@ticker": 7 if made else 6})
    prices.take(book(1), 0.3, AT)
    (tick,) = prices.due(0.3)
    assert frame_of(tick)["sequence"] == (8 if made else 7)


def test_each_symbol_says_when_it_was_heard_of() -> None:
    prices = live()
    prices.take(ticker(), 3.0, AT)
    assert (prices.heard_s("BTCUSDT"), prices.heard_s("ETHUSDT")) == (3.0, 0.0)


def test_an_empty_side_leaves_no_price() -> None:
    prices = live()
    prices.take(ticker(), 0.0, AT)
    assert prices.due(0.0)
    prices.take(book(1, bid="0.00000000"), 0.1, AT)
    assert prices.due(1.0) == []


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b"{", "not a combined message"),
        (b"[]", "not a combined message"),
        (b'{"stream":1,"data":{}}', "not a combined message"),
        (b'{"stream":"btcusdt@ticker","data":null}', "not a combined message"),
        (orjson.dumps({"stream": "xrpusdt@ticker", "data": {"s": "XRPUSDT"}}), "unknown symbol"),
        (orjson.dumps({"stream": "ethusdt@ticker", "data": {"s": "BTCUSDT"}}), "unknown symbol"),
        (orjson.dumps({"stream": "btcusdt@aggTrade", "data": {"s": "BTCUSDT"}}), "unknown stream"),
        (book(5), "stale book"),
        (book(9, bid="45001", ask="45000"), "crossed book"),
        (book(9, bid="-1"), "negative price"),
        (book(9, bid="NaN"), "bad b"),
        (book(9, bid="x"), "bad b"),
        (book(9, b=45000.1), "bad b"),
        (book(9, u="9"), "bad u"),
        (ticker(event_ms=4), "stale ticker"),
        (trade(3, "45000", 9), "stale trade"),
        (trade(9, "0", 9), "bad p"),
        (ticker(9, price="0"), "bad c"),
        (ticker(9, v=None), "bad v"),
        (ticker(9, P="Infinity"), "bad P"),
    ],
)
def test_a_bad_message_is_dropped_whole(message: bytes, kind: str) -> None:
    prices = live()
    prices.take(book(5), 0.0, AT)
    prices.take(trade(3, "45000.15", 4), 0.0, AT)
    prices.take(ticker(event_ms=5), 0.0, AT)
    (before,) = prices.due(0.0)
    with pytest.raises(InvalidMessageError) as caught:
        prices.take(message, 0.3, AT)
    assert caught.value.kind == kind
    (after,) = prices.due(0.5)
    assert after.frame is None
    assert after.document == before.document


@given(
    st.lists(st.tuples(st.sampled_from([0, 7, 60, 450, 1_500]), st.integers(0, 2)), max_size=200)
)
def test_sequences_have_no_hole_and_no_symbol_is_told_too_often(
    steps: list[tuple[int, int]],
) -> None:
    prices, now_s, sequences = live(), 0.0, [0]
    told: list[float] = []
    for number, (pause_ms, kind) in enumerate(steps, 1):
        now_s += pause_ms / 1_000
        if kind:
            message = book(number) if kind == 1 else ticker(number)
            prices.take(message, now_s, AT)
        for tick in prices.due(now_s):
            if tick.frame is not None:
                told.append(now_s)
                sequences.append(frame_of(tick)["sequence"])
        assert prices.next_due_s(now_s) > now_s, "whoever waits for it would spin"
    assert sequences == list(range(len(sequences)))
    for first, since_s in enumerate(told):
        for later, then_s in enumerate(told[first:]):
            assert then_s - since_s >= later * WRITE_EVERY_S - MADE_UP_S - 1e-9


def test_who_comes_late_each_time_keeps_the_pace() -> None:
    prices, late_s, told = live(), 0.02, 0
    prices.take(ticker(), 0.0, AT)
    for number in range(1, 1_001):
        now_s = number * 0.01
        prices.take(book(number), now_s, AT)
        if prices.next_due_s(now_s) + late_s <= now_s:
            told += len(prices.due(now_s))
    assert told == pytest.approx(10 / WRITE_EVERY_S, abs=2)
