"""GET /api/market/candles/{symbol}/{timeframe}."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapters.exact_json import time_text
from adapters.mongo_candles import MongoCandles, StoredCandle
from adapters.stream_demand import StreamDemand
from api.pagination import encode_cursor
from domain.candle_view import CandleSource, Enrichment
from domain.candles import Timeframe, open_time_of
from domain.errors import ErrorCode, Retryable
from domain.indicators import Indicators
from domain.paging import PagePosition
from tests.api.people import Edge, OpenEdge
from tests.domain.candle_building import candle_at

CACHE_CONTROL = "public, s-maxage=1, stale-while-revalidate=5"
MINUTE = timedelta(minutes=1)
MEMBERS = [
    "symbol", "timeframe", "open_time", "open", "high", "low", "close", "volume", "close_time",
    "closed", "indicators", "source", "received_at", "processed_at", "sequence",
]  # fmt: skip


async def get(
    edge: Edge, path: str, headers: dict[str, str] | None = None, **query: Any
) -> httpx.Response:
    # Reads of the venue are paced, and these tests ask for more than many a person would.
    edge.services.candles._next_read_s = 0
    return await edge.http.get(f"/api/market/candles/{path}", params=query, headers=headers)


async def page(edge: Edge, path: str, **query: Any) -> tuple[list[dict[str, Any]], str | None]:
    response = await get(edge, path, **query)
    assert response.status_code == 200, response.text
    answer = json.loads(response.text, parse_float=Decimal)
    assert set(answer) == {"items", "next_cursor"}
    return answer["items"], answer["next_cursor"]


def open_times(items: list[dict[str, Any]]) -> list[datetime]:
    return [datetime.fromisoformat(item["open_time"]) for item in items]


@pytest.fixture
async def market(edge: Edge) -> Edge:
    """Return the edge once it knows the symbols."""
    async with asyncio.timeout(20):
        await edge.services.market.symbols.ready()
    return edge


async def test_the_newest_candles_oldest_first_and_the_one_in_progress_last(market: Edge) -> None:
    before = datetime.now(UTC)
    items, cursor = await page(market, "BTCUSDT/1m")
    after = datetime.now(UTC)
    assert len(items) == 100
    assert cursor is not None
    times = open_times(items)
    assert times == [times[0] + number * MINUTE for number in range(100)]
    assert open_time_of(Timeframe.M1, before) <= times[-1] <= open_time_of(Timeframe.M1, after)
    assert [item["closed"] for item in items] == [True] * 99 + [False]
    for item in items:
        assert list(item) == MEMBERS
        assert list(item["indicators"]) == list(Indicators._fields)
        assert (item["symbol"], item["timeframe"]) == ("BTCUSDT", "1m")
        assert item["low"] <= min(item["open"], item["close"])
        assert item["high"] >= max(item["open"], item["close"])
        assert None not in item["indicators"].values()


async def test_what_is_stored_is_answered_exactly(market: Edge) -> None:
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    candle = candle_at(at, prices=("0.00001230", "45100.10", "0.00000001", "45050.00"))
    received = at + timedelta(seconds=60, milliseconds=5)
    enrichment = Enrichment(CandleSource.STREAM, received, received, 12345)
    indicators = Indicators(*[65.5, None] + [12.34] * (len(Indicators._fields) - 2))
    store = MongoCandles(market.services.connections.database)
    await store.store([StoredCandle(candle, indicators, enrichment)])
    when = time_text(at)
    items, _ = await page(market, "BTCUSDT/1m", start_time=when, end_time=when)
    assert items == [
        {
            "symbol": "BTCUSDT",
            "timeframe": "1m",
            "open_time": "2024-02-29T12:00:00.000Z",
            "open": Decimal("0.0000123"),
            "high": Decimal("45100.1"),
            "low": Decimal("0.00000001"),
            "close": 45050,
            "volume": Decimal("12.5"),
            "close_time": "2024-02-29T12:00:59.999Z",
            "closed": True,
            "indicators": dict(
                zip(
                    Indicators._fields,
                    [Decimal("65.5"), None] + [Decimal("12.34")] * (len(Indicators._fields) - 2),
                    strict=True,
                )
            ),
            "source": "stream",
            "received_at": "2024-02-29T12:01:00.005Z",
            "processed_at": "2024-02-29T12:01:00.005Z",
            "sequence": 12345,
        }
    ]


async def test_pages_to_older_ones_meet(market: Edge) -> None:
    end = open_time_of(Timeframe.M5, datetime.now(UTC)) - timedelta(hours=1)
    query: dict[str, Any] = {"limit": 7, "end_time": time_text(end)}
    items, cursor = await page(market, "ETHUSDT/5m", **query)
    for _ in range(3):
        older, cursor = await page(market, "ETHUSDT/5m", cursor=cursor, **query)
        assert len(older) == 7
        items = older + items
    times = open_times(items)
    assert times == [end - number * 5 * MINUTE for number in reversed(range(28))]
    begin = time_text(times[0])
    whole, none = await page(market, "ETHUSDT/5m", start_time=begin, end_time=time_text(end))
    assert [(each["open_time"], each["close"]) for each in whole] == [
        (each["open_time"], each["close"]) for each in items
    ]
    assert none is None


async def test_pages_to_newer_ones_reach_now(market: Edge) -> None:
    begin = open_time_of(Timeframe.H1, datetime.now(UTC)) - timedelta(hours=9)
    query = {"limit": 4, "start_time": time_text(begin)}
    items, cursor = await page(market, "BTCUSDT/1h", **query)
    while cursor is not None:
        newer, cursor = await page(market, "BTCUSDT/1h", cursor=cursor, **query)
        items += newer
    times = open_times(items)
    assert times[0] == begin
    assert times == [begin + number * timedelta(hours=1) for number in range(len(times))]
    assert items[-1]["closed"] is False


async def test_where_no_candle_begins_there_is_none(market: Edge) -> None:
    for query in (
        {"start_time": "2999-01-01T00:00:00Z"},
        {"end_time": "1969-12-31T00:00:00Z"},
        {"start_time": "0001-01-01T00:00:00+14:00", "end_time": "0001-01-01T00:00:00+14:00"},
        {"start_time": "9999-12-31T23:59:59.999-12:00"},
        {"start_time": "2025-10-10T12:00:01Z", "end_time": "2025-10-10T12:00:59Z"},
    ):
        assert await page(market, "BTCUSDT/1m", **query) == ([], None)


@pytest.mark.parametrize("path", ["NOSUCH/1m", "btcusdt/1m", "BTCUSDT%00/1m"])
async def test_unknown_symbols(market: Edge, path: str) -> None:
    response = await get(market, path)
    assert (response.status_code, response.json()["code"]) == (404, "UNKNOWN_SYMBOL")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("BTCUSDT/7m", {}, "timeframe"),
        ("BTCUSDT/1M%20", {}, "timeframe"),
        ("BTCUSDT/1m", {"limit": 0}, "limit"),
        ("BTCUSDT/1m", {"limit": 1001}, "limit"),
        ("BTCUSDT/1m", {"limit": "many"}, "limit"),
        ("BTCUSDT/1m", {"start_time": "yesterday"}, "start_time"),
        ("BTCUSDT/1m", {"start_time": "2025-10-10T12:00:00"}, "start_time"),
        ("BTCUSDT/1m", {"end_time": "1760097600000"}, "end_time"),
        (
            "BTCUSDT/1m",
            {"start_time": "2025-10-10T12:00:01Z", "end_time": "2025-10-10T12:00:00Z"},
            "start_time",
        ),
        ("BTCUSDT/1m", {"cursor": "made up"}, "cursor"),
        (
            "BTCUSDT/1m",
            {"cursor": encode_cursor(PagePosition(datetime(2025, 1, 1, tzinfo=UTC), "sideways"))},
            "cursor",
        ),
    ],
)
async def test_what_is_no_question(
    market: Edge, path: str, query: dict[str, Any], field: str
) -> None:
    response = await get(market, path, **query)
    assert (response.status_code, response.json()["code"]) == (422, "INVALID_REQUEST")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == field


async def test_what_has_not_changed_is_not_sent_again(market: Edge) -> None:
    end = time_text(open_time_of(Timeframe.H1, datetime.now(UTC)) - timedelta(hours=3))
    first = await get(market, "BTCUSDT/1h", limit=3, end_time=end)
    assert first.headers["Cache-Control"] == CACHE_CONTROL
    tag = first.headers["ETag"]
    again = await get(market, "BTCUSDT/1h", {"If-None-Match": tag}, limit=3, end_time=end)
    assert (again.status_code, again.content) == (304, b"")
    other = await get(market, "BTCUSDT/1h", {"If-None-Match": tag}, limit=4, end_time=end)
    assert other.status_code == 200


async def test_what_somebody_looks_at_is_to_be_streamed(market: Edge) -> None:
    demand = StreamDemand(market.services.connections.redis)
    await page(market, "ETHUSDT/3m", limit=1)
    await page(market, "ETHUSDT/5m", limit=1)
    await page(market, "ETHUSDT/30m", limit=1, end_time="2025-10-10T12:00:00Z")
    wanted = {timeframe for symbol, timeframe in await demand.wanted() if symbol == "ETHUSDT"}
    assert Timeframe.M3 in wanted
    # One is followed anyway, of the other nothing was asked that still changes.
    assert not {Timeframe.M5, Timeframe.M30} & wanted


async def test_a_venue_that_is_away_is_a_passing_fault(
    market: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "away")

    monkeypatch.setattr(market.services.market.klines, "candles", refuse)
    response = await get(market, "LTCUSDT/6h", limit=2)
    assert (response.status_code, response.json()["code"]) == (503, "VENUE_UNAVAILABLE")
    assert "public" not in response.headers["Cache-Control"]


async def test_before_the_venue_told_its_symbols(open_edge: OpenEdge) -> None:
    async with open_edge(wait=False, exchange_url="http://127.0.0.1:1") as edge:
        response = await get(edge, "BTCUSDT/1m")
        assert (response.status_code, response.json()["code"]) == (503, "VENUE_UNAVAILABLE")
