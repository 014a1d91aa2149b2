from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.mongo import Database
from adapters.mongo_symbols import MongoSymbols
from domain.market import SymbolRules

RULES = SymbolRules(
    "BTCUSDT", "BTC", "USDT", tick_size=Decimal("0.01"), step_size=Decimal("0.00001"),
    min_price=Decimal("0.01"), max_price=Decimal(1_000_000), min_quantity=Decimal("0.00001"),
    max_quantity=Decimal(9_000), max_market_quantity=Decimal(100), min_notional=Decimal(5),
)  # fmt: skip
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_the_last_list_of_a_venue_is_kept(database: Database) -> None:
    symbols, others = MongoSymbols(database, "sandbox"), MongoSymbols(database, "live")
    assert await symbols.last() is None
    await symbols.keep([RULES], AT)
    assert await symbols.last() == ([RULES], AT)
    newer = [RULES, replace(RULES, symbol="ETHUSDT")]
    await symbols.keep(newer, AT + timedelta(minutes=5))
    assert await symbols.last() == (newer, AT + timedelta(minutes=5))
    assert await others.last() is None
