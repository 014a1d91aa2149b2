"""Trades that were archived: still listed, still found, and never placed again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.mongo_manifests import MongoManifests
from domain.orders import trade_id_of
from tests.api.routes.archiving import NOW, manifest
from tests.api.routes.trading import D, Trader, read, refused


async def archive(trader: Trader, trade_id: str) -> None:
    """Move a trade as the archive does."""
    database = trader.edge.services.connections.database
    record: Any = await database["trades"].find_one({"_id": trade_id})
    await database["archive_trades"].insert_one(record)
    await database["trades"].delete_one({"_id": trade_id})


async def test_lists_and_single_reads_reach_back(trader: Trader) -> None:
    trades = [await trader.bought(symbol="ETHUSDT", quantity=D("0.01")) for _ in range(4)]
    whole = await trader.get("/api/trades")
    for trade in trades[:2]:
        await archive(trader, trade["trade_id"])
    assert await trader.get("/api/trades") == whole
    assert await trader.get(f"/api/trades/{trades[0]['trade_id']}") == trades[0]
    first = await trader.get("/api/trades", limit=3, since=trades[0]["created_at"])
    rest = await trader.get("/api/trades", limit=3, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == whole["items"] == trades[::-1]
    assert whole["cold"] == []


async def test_an_order_that_comes_again_finds_its_archived_trade(trader: Trader) -> None:
    """Temporal has forgotten its workflow long before."""
    database = trader.edge.services.connections.database
    trade = await trader.bought()
    await trader.recorded(trade["trade_id"], "FILLED")
    record: Any = await database["trades"].find_one({"_id": trade["trade_id"]})
    old_id = trade_id_of(trader.user_id, "years-ago")
    await database["archive_trades"].insert_one(record | {"_id": old_id, "trade_id": old_id})
    again = await trader.execute(key="years-ago")
    assert again.status_code in {200, 201}, again.text
    assert (read(again)["trade_id"], read(again)["fills"]) == (old_id, trade["fills"])
    assert await trader.market.orders(old_id) == []
    mismatch = await trader.execute(key="years-ago", quantity=D("0.02"))
    refused(mismatch, 422, "IDEMPOTENCY_MISMATCH")


async def test_what_is_cold_is_said(trader: Trader) -> None:
    database = trader.edge.services.connections.database
    manifests = MongoManifests(database)
    later = NOW + timedelta(days=90)
    await manifests.begin(manifest(1, trader.user_id))
    await manifests.begin(manifest(1, trader.user_id, first=later))
    await manifests.begin(manifest(2, "somebody else"))
    await manifests.begin(manifest(3, first=NOW + timedelta(hours=12)))
    try:
        cold = (await trader.get("/api/trades"))["cold"]
        assert [each["manifest_ids"] for each in cold] == [
            ["trades-2026-01-0001", "trades-2026-01-0003"], ["trades-2026-04-0001"],
        ]  # fmt: skip
        assert (cold[0]["from"], cold[0]["to"]) == (
            "2026-01-15T12:00:00.000Z", "2026-01-17T00:00:00.000Z",
        )  # fmt: skip
        recent = await trader.get("/api/trades", since=later.isoformat())
        assert [each["manifest_ids"] for each in recent["cold"]] == [["trades-2026-04-0001"]]
        now = datetime.now(UTC).isoformat()
        assert (await trader.get("/api/trades", since=now))["cold"] == []
    finally:
        await database["archive_manifests"].delete_many({})
