"""Lists of trades and positions."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.mongo import Database
from adapters.mongo_trades import MongoTrades
from domain.order_status import OrderStatus
from domain.paging import PagePosition
from domain.trade_view import trade_view
from domain.trades import submitting
from tests.domain.strategies import NOW, USER, intent_of, order_of

S = OrderStatus


async def insert(
    database: Database, number: int, symbol: str = "BTCUSDT", **changes: Any
) -> dict[str, Any]:
    """Put the record of an order there; a higher number is a later second."""
    order = order_of(intent_of(symbol, quantity="0.1"), number)
    record = trade_view(submitting(order, NOW + timedelta(seconds=number))) | changes
    await database["trades"].insert_one(
        {"_id": record["trade_id"], "fingerprint": order.fingerprint} | record
    )
    return record


@pytest.fixture
def trades(database: Database) -> MongoTrades:
    return MongoTrades(database)


async def test_a_record_has_its_fingerprint_and_nothing_of_the_stores(
    database: Database, trades: MongoTrades
) -> None:
    record = await insert(database, 1)
    found = await trades.trade(record["trade_id"])
    assert found is not None
    assert found.pop("fingerprint")
    assert found == record
    assert await trades.trade("nothing") is None


async def test_a_list_is_the_users_newest_first_and_without_the_fingerprint(
    database: Database, trades: MongoTrades
) -> None:
    records = [await insert(database, number) for number in (1, 3, 2)]
    await insert(database, 4, user_id="somebody else")
    assert await trades.trades(USER) == [records[1], records[2], records[0]]


async def test_filters(database: Database, trades: MongoTrades) -> None:
    first = await insert(database, 1)
    second = await insert(database, 2, "ETHUSDT", status="FILLED")
    third = await insert(database, 3, status="FILLED")
    assert await trades.trades(USER, symbol="ETHUSDT") == [second]
    assert await trades.trades(USER, status="FILLED") == [third, second]
    assert await trades.trades(USER, since=second["created_at"]) == [third, second]
    assert await trades.trades(USER, symbol="BTCUSDT", status="SUBMITTING") == [first]


async def test_pages_meet_without_gap_or_overlap_also_within_one_moment(
    database: Database, trades: MongoTrades
) -> None:
    for number in range(9):
        await insert(database, number, created_at=NOW + timedelta(milliseconds=number // 4))
    seen: list[str] = []
    position = None
    while page := await trades.trades(USER, position=position, limit=2, since=NOW):
        seen += [record["trade_id"] for record in page]
        position = PagePosition(page[-1]["created_at"], page[-1]["trade_id"])
    whole = [record["trade_id"] for record in await trades.trades(USER)]
    assert seen == whole
    assert len(set(seen)) == 9


@pytest.mark.parametrize(
    "condition",
    [
        {"user_id": USER},
        {"user_id": USER, "symbol": "BTCUSDT"},
        {"user_id": USER, "status": "NEW"},
    ],
    ids="-".join,
)
async def test_lists_are_read_from_an_index(database: Database, condition: dict[str, str]) -> None:
    cursor = database["trades"].find(condition).sort([("created_at", -1), ("_id", -1)])
    plan = str((await cursor.explain())["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "SORT" not in plan.replace("SORT_MERGE", "")
