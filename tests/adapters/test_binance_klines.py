"""Candles in Binance's words, and over REST from the sandbox exchange."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from adapters.binance_klines import (
    PAGE_ROWS,
    BinanceKlines,
    InvalidCandleError,
    candle_of_kline_row,
    candle_of_stream,
)
from domain.candles import Timeframe, next_open_time, open_time_before, open_time_of
from domain.errors import ErrorCode, Rejected, Retryable

OPEN_MS = 1_760_097_600_000  # 2025-10-10T12:00:00Z
MINUTE = timedelta(minutes=1)


def kline(**changes: Any) -> dict[str, Any]:
    told = {
        "t": OPEN_MS, "T": OPEN_MS + 59_999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 2,
        "o": "45000.00", "c": "45050.00", "h": "45100.00", "l": "44950.00", "v": "123.456",
        "n": 2, "x": False, "q": "5.0", "V": "1.0", "Q": "1.0", "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": OPEN_MS + 5_000, "s": "BTCUSDT", "k": told | changes}


def row(**changes: Any) -> list[Any]:
    told = kline(**changes)["k"]
    return [*(told[each] for each in "tohlcvT"), "5.0", 2, "1.0", "1.0", "0"]


def test_a_message_of_the_stream() -> None:
    candle, event_ms = candle_of_stream(kline())
    assert event_ms == OPEN_MS + 5_000
    assert (candle.symbol, candle.timeframe, candle.closed) == ("BTCUSDT", Timeframe.M1, False)
    assert candle.open_time == datetime(2025, 10, 10, 12, tzinfo=UTC)
    assert candle.close_time == candle.open_time + MINUTE - timedelta(milliseconds=1)
    numbers = [candle.open, candle.high, candle.low, candle.close, candle.volume]
    wanted = ["45000.00", "45100.00", "44950.00", "45050.00", "123.456"]
    assert [str(number) for number in numbers] == wanted
    assert candle_of_stream(kline(x=True))[0].closed


def test_a_row_is_the_same_candle() -> None:
    wanted, _ = candle_of_stream(kline(x=True))
    assert candle_of_kline_row("BTCUSDT", Timeframe.M1, row(), closed=True) == wanted


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"i": "7m"}, "bad i"),
        ({"i": None}, "bad i"),
        ({"i": "5m"}, "bad T"),
        ({"s": "ETHUSDT"}, "bad s"),
        ({"x": 1}, "bad x"),
        ({"t": OPEN_MS + 1, "T": OPEN_MS + 60_000}, "bad t"),
        ({"t": str(OPEN_MS)}, "bad t"),
        ({"t": True}, "bad t"),
        ({"t": -60_000}, "bad t"),
        ({"t": 10**30}, "bad t"),
        ({"T": OPEN_MS + 60_000}, "bad T"),
        ({"o": 45_000.0}, "bad o"),
        ({"h": "NaN"}, "bad h"),
        ({"l": "1e999999"}, "bad l"),
        ({"c": "-45050"}, "bad c"),
        ({"c": "٤٥"}, "bad c"),
        ({"v": ""}, "bad v"),
        ({"v": "1" * 10_000}, "bad v"),
        ({"l": "0", "o": "0"}, "contradicting prices"),
        ({"l": "45010.00"}, "contradicting prices"),
        ({"h": "45040.00"}, "contradicting prices"),
    ],
)
def test_what_is_no_candle(changes: dict[str, Any], kind: str) -> None:
    with pytest.raises(InvalidCandleError) as caught:
        candle_of_stream(kline(**changes))
    assert caught.value.kind == kind
    if set(changes) <= set("tohlcvT"):
        with pytest.raises(InvalidCandleError):
            candle_of_kline_row("BTCUSDT", Timeframe.M1, row(**changes), closed=True)


@pytest.mark.parametrize(
    "message",
    [{}, {"e": "trade"}, kline() | {"k": None}, kline() | {"E": "1"}, kline() | {"s": 5}],
)
def test_what_is_no_message(message: dict[str, Any]) -> None:
    with pytest.raises(InvalidCandleError):
        candle_of_stream(message)


@pytest.fixture
async def klines(exchange_url: str) -> AsyncIterator[BinanceKlines]:
    klines = BinanceKlines(exchange_url, testnet=False)
    yield klines
    await klines.close()


@pytest.mark.parametrize("timeframe", list(Timeframe))
async def test_the_venues_spans_are_ours(klines: BinanceKlines, timeframe: Timeframe) -> None:
    start = open_time_before(timeframe, open_time_of(timeframe, datetime.now(UTC)), 5)
    found = await klines.page("BTCUSDT", timeframe, start)
    assert found[0].open_time == start
    for earlier, later in pairwise(found):
        assert next_open_time(timeframe, earlier.open_time) == later.open_time
    assert all(candle.closed for candle in found[:-1])
    # A span may end before the answer is written, of seconds several.
    assert len(found) in {6, 7} or timeframe is Timeframe.S1
    assert not found[-1].closed


async def test_a_range_over_several_pages(klines: BinanceKlines) -> None:
    end = open_time_of(Timeframe.M1, datetime.now(UTC)) - 100 * MINUTE
    start = end - (2 * PAGE_ROWS + 4) * MINUTE
    found = await klines.candles("BTCUSDT", Timeframe.M1, start, end)
    wanted = [start + number * MINUTE for number in range(2 * PAGE_ROWS + 5)]
    assert [candle.open_time for candle in found] == wanted
    assert all(candle.closed for candle in found)
    assert await klines.page("BTCUSDT", Timeframe.M1, start, end, limit=3) == found[:3]
    exact = await klines.candles("BTCUSDT", Timeframe.M1, end - (PAGE_ROWS - 1) * MINUTE, end)
    assert exact == found[-PAGE_ROWS:]


async def test_a_symbol_that_the_venue_has_not(klines: BinanceKlines) -> None:
    with pytest.raises(Rejected) as caught:
        await klines.page("NOSUCH", Timeframe.M1, datetime(2025, 1, 1, tzinfo=UTC))
    assert caught.value.code == ErrorCode.UNKNOWN_SYMBOL


async def test_an_absent_venue_is_a_passing_fault() -> None:
    klines = BinanceKlines("http://127.0.0.1:1", testnet=False)
    with pytest.raises(Retryable):
        await klines.page("BTCUSDT", Timeframe.M1, datetime(2025, 1, 1, tzinfo=UTC))
    await klines.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"unexpected": 1},
        [1],
        [row(h="1")],
        [row(), row()],
        [row(t=OPEN_MS + 60_000, T=OPEN_MS + 119_999), row()],
    ],
)
async def test_an_unreadable_answer_is_a_passing_fault(answer: Any, unused_tcp_port: int) -> None:
    async def serve(_: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_get("/api/v3/klines", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    klines = BinanceKlines(f"http://127.0.0.1:{unused_tcp_port}", testnet=False)
    try:
        with pytest.raises(Retryable):
            await klines.page("BTCUSDT", Timeframe.M1, datetime(2025, 1, 1, tzinfo=UTC))
    finally:
        await klines.close()
        await runner.cleanup()
