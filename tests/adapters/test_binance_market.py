import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from adapters.binance_market import BinanceMarket, rules_of
from adapters.binance_streams import StreamSet
from adapters.venue_symbols import VenueSymbolBook
from domain.errors import Retryable

LISTED: dict[str, Any] = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00",
         "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": "120", "stepSize": "0"},
        {"filterType": "NOTIONAL", "minNotional": "5.00"},
    ],
}  # fmt: skip


def listed(**filters: dict[str, str] | None) -> dict[str, Any]:
    kept = {rule["filterType"]: rule for rule in LISTED["filters"]}
    for name, members in filters.items():
        kept.pop(name, None)
        if members is not None:
            kept[name] = {"filterType": name, **members}
    return {**LISTED, "filters": list(kept.values())}


def test_rules_as_binance_lists_them() -> None:
    rules = rules_of(LISTED)
    assert (rules.symbol, rules.base_asset, rules.quote_asset) == ("BTCUSDT", "BTC", "USDT")
    assert (rules.tick_size, rules.step_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert rules.max_quantity == 9000
    assert rules.max_market_quantity == 120
    assert rules.min_notional == 5


def test_a_market_lot_size_of_zero_sets_no_limit_of_its_own() -> None:
    zero = {"minQty": "0", "maxQty": "0.00000000", "stepSize": "0"}
    assert rules_of(listed(MARKET_LOT_SIZE=zero)).max_market_quantity == 9000
    assert rules_of(listed(MARKET_LOT_SIZE=None)).max_market_quantity == 9000


def test_the_older_name_of_the_notional_filter() -> None:
    older = listed(NOTIONAL=None, MIN_NOTIONAL={"minNotional": "10"})
    assert rules_of(older).min_notional == 10


def test_a_symbol_without_a_filter_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        rules_of(listed(LOT_SIZE=None))


@pytest.fixture
async def market(exchange_url: str) -> AsyncIterator[BinanceMarket]:
    market = BinanceMarket(exchange_url, exchange_url.replace("http", "ws"), testnet=False)
    yield market
    await market.close()


async def test_the_book_keeps_what_the_venue_trades(market: BinanceMarket) -> None:
    book = VenueSymbolBook(market)
    assert not book.loaded
    book.start()
    async with asyncio.timeout(20):
        await book.ready()
    names = [rules.symbol for rules in book.all_rules()]
    assert names == sorted(names)
    assert len(names) >= 10
    rules = book.rules("BTCUSDT")
    assert rules is not None
    assert rules.tick_size > 0
    assert book.rules("NOSUCH") is None
    await book.close()


async def test_an_installation_may_trade_a_part(market: BinanceMarket) -> None:
    book = VenueSymbolBook(market, ["ETHUSDT", "NOSUCH"])
    await book.refresh()
    assert [rules.symbol for rules in book.all_rules()] == ["ETHUSDT"]


async def test_an_absent_venue_is_a_passing_fault() -> None:
    market = BinanceMarket("http://127.0.0.1:1", "ws://127.0.0.1:1", testnet=False)
    book = VenueSymbolBook(market)
    try:
        with pytest.raises(Retryable):
            await book.refresh()
        assert not book.loaded
        with pytest.raises(Retryable):
            await market.day_summaries()
        with pytest.raises(Retryable):
            await market.listen(StreamSet(["btcusdt@ticker"]), lambda _: None)
    finally:
        await market.close()
