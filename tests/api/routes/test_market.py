import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from adapters.mongo_symbols import MongoSymbols
from adapters.redis_quotes import RedisTickWriter, Tick, price_key, quote_document
from domain.market import Quote, SymbolRules
from tests.api.people import Edge, OpenEdge, bearer
from workers.seed import SEED_PASSWORD

NOWHERE = "http://127.0.0.1:1"
CACHE_CONTROL = "public, s-maxage=1, stale-while-revalidate=5"


async def write(edge: Edge, symbol: str, price: str = "45123.450") -> None:
    quote = Quote(
        symbol, Decimal(price), Decimal("45123.40"), Decimal("45123.50"),
        Decimal(25_000), Decimal("2.5"), datetime(2025, 10, 10, 12, tzinfo=UTC),
    )  # fmt: skip
    tick = Tick(symbol, quote_document(quote), f"{symbol}@ticker", None)
    await RedisTickWriter(edge.services.connections.redis).write([tick])


async def get(edge: Edge, path: str, **headers: str) -> httpx.Response:
    return await edge.http.get(f"/api/market/{path}", headers=headers)


def problem(response: httpx.Response) -> tuple[int, Any]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@pytest.fixture
async def empty_redis(redis_url: str) -> str:
    """Return another database of the same Redis, without a thing in it."""
    url = f"{redis_url.rpartition('/')[0]}/7"
    async with Redis.from_url(url) as client:
        await client.flushdb()
    return url


def open_edge_of(
    open_edge: OpenEdge, database: str, redis_url: str
) -> AbstractAsyncContextManager[Edge]:
    """Open the same installation again, at a time when the venue is away."""
    return open_edge(
        wait=False, keep=True, mongodb_database=database, exchange_url=NOWHERE, redis_url=redis_url
    )


@pytest.fixture(scope="module")
async def lone_edge(open_edge: OpenEdge, redis_url: str) -> AsyncIterator[Edge]:
    """Open an edge in whose Redis nobody else's prices are."""
    async with open_edge(redis_url=f"{redis_url.rpartition('/')[0]}/6") as opened:
        yield opened


@pytest.fixture
async def market(lone_edge: Edge) -> Edge:
    """Return the edge once it knows the symbols, with no price in the cache."""
    book = lone_edge.services.market.symbols
    async with asyncio.timeout(20):
        await book.ready()
    redis = lone_edge.services.connections.redis
    await redis.delete(*(price_key(rules.symbol) for rules in book.all_rules()))
    return lone_edge


async def test_symbols_with_their_rules(market: Edge) -> None:
    response = await get(market, "symbols")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == CACHE_CONTROL
    items = {item["symbol"]: item for item in response.json()["items"]}
    assert set(items["BTCUSDT"]) == {
        "symbol", "base_asset", "quote_asset", "tick_size", "step_size",
        "min_quantity", "min_notional",
    }  # fmt: skip
    assert items["BTCUSDT"]["tick_size"] == 0.01
    assert len(items) >= 10


async def test_a_price_is_answered_exactly(market: Edge) -> None:
    await write(market, "BTCUSDT")
    response = await get(market, "prices/BTCUSDT")
    assert response.status_code == 200
    assert json.loads(response.text, parse_float=Decimal) == {
        "symbol": "BTCUSDT",
        "price": Decimal("45123.45"),
        "bid": Decimal("45123.4"),
        "ask": Decimal("45123.5"),
        "volume_24h": 25_000,
        "change_24h": Decimal("2.5"),
        "timestamp": "2025-10-10T12:00:00.000Z",
    }
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == CACHE_CONTROL
    assert "X-Request-Id" in response.headers


async def test_what_has_not_changed_is_not_sent_again(market: Edge) -> None:
    await write(market, "BTCUSDT")
    tag = (await get(market, "prices/BTCUSDT")).headers["ETag"]
    for matching in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        await write(market, "BTCUSDT")
        again = await get(market, "prices/BTCUSDT", **{"If-None-Match": matching})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == CACHE_CONTROL
    await write(market, "BTCUSDT", "45124")
    changed = await get(market, "prices/BTCUSDT", **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


async def test_several_prices_in_the_order_asked_for(market: Edge) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        await write(market, symbol)
    response = await get(market, "prices?symbols=ETHUSDT,SOLUSDT,BTCUSDT,ETHUSDT")
    assert [item["symbol"] for item in response.json()["items"]] == ["ETHUSDT", "BTCUSDT"]
    everything = await get(market, "prices")
    assert {item["symbol"] for item in everything.json()["items"]} == {"BTCUSDT", "ETHUSDT"}


async def test_a_price_that_expired_is_none(market: Edge) -> None:
    for path in ("prices/BTCUSDT", "prices?symbols=BTCUSDT", "prices"):
        response = await get(market, path)
        assert problem(response) == (503, "QUOTE_STALE")
        assert "public" not in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "prices/NOSUCH",
        "prices/btcusdt",
        "prices/BTCUSDT%00",
        "prices?symbols=BTCUSDT,",
        "prices?symbols=",
    ],
)
async def test_unknown_symbols(market: Edge, path: str) -> None:
    await write(market, "BTCUSDT")
    assert problem(await get(market, path)) == (404, "UNKNOWN_SYMBOL")


async def test_a_list_out_of_proportion(market: Edge) -> None:
    response = await get(market, f"prices?symbols={'BTCUSDT,' * 1_000}")
    assert problem(response) == (422, "INVALID_REQUEST")


async def test_before_the_venue_told_its_symbols(open_edge: OpenEdge, empty_redis: str) -> None:
    async with open_edge(wait=False, exchange_url=NOWHERE, redis_url=empty_redis) as edge:
        for path in ("symbols", "prices", "prices/BTCUSDT"):
            assert problem(await get(edge, path)) == (503, "VENUE_UNAVAILABLE")


async def test_the_last_known_symbols_answer_after_a_restart_without_the_venue(
    market: Edge, open_edge: OpenEdge, empty_redis: str
) -> None:
    before = (await get(market, "symbols")).json()
    stored = MongoSymbols(market.services.connections.database, "sandbox")
    async with asyncio.timeout(20):
        while await stored.last() is None:  # noqa: ASYNC110 - another process asks, too
            await asyncio.sleep(0.02)
    name = market.services.settings.mongodb_database
    async with open_edge_of(open_edge, name, empty_redis) as edge:
        response = await get(edge, "symbols")
        assert response.json() == before
        assert int(response.headers["Age"]) >= 0
        assert problem(await get(edge, "prices/NOSUCH")) == (404, "UNKNOWN_SYMBOL")
        assert problem(await get(edge, "prices/BTCUSDT")) == (503, "QUOTE_STALE")
        # Trading goes by the venue's own word only.
        person = await edge.login("demo@example.com", SEED_PASSWORD)
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 0.001}
        refused = await edge.http.post(
            "/api/trades/execute", json=order, headers=bearer(person.json()["token"])
        )
        assert problem(refused) == (503, "VENUE_UNAVAILABLE")


async def test_a_process_without_the_venue_has_the_symbols_from_the_others(
    market: Edge, open_edge: OpenEdge
) -> None:
    before = (await get(market, "symbols")).json()
    redis_url = market.services.settings.redis_url
    async with open_edge(wait=False, exchange_url=NOWHERE, redis_url=redis_url) as edge:
        response = await get(edge, "symbols")
        assert response.json() == before
        assert "Age" not in response.headers


async def test_a_symbol_that_is_delisted_leaves_the_answer(
    market: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = market.services.market.symbols
    before = (await get(market, "symbols")).json()["items"]
    kept = [rules for rules in book.all_rules() if rules.symbol != "BTCUSDT"]

    async def fewer() -> list[SymbolRules]:
        return kept

    with monkeypatch.context() as patch:
        patch.setattr(book._market, "symbol_rules", fewer)
        await book.refresh()
        await listed(market, len(before) - 1)
    await book.refresh()
    await listed(market, len(before))


async def listed(edge: Edge, count: int) -> None:
    async with asyncio.timeout(5):
        while len((await get(edge, "symbols")).json()["items"]) != count:  # noqa: ASYNC110 - a reader
            await asyncio.sleep(0.01)
