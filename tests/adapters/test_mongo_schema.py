"""Validators and indexes."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError, WriteError

from adapters import mongo_schema
from adapters.mongo import Database
from adapters.mongo_schema import ARCHIVED, SCHEMAS, ensure_schema
from adapters.mongo_schema_parts import TEXT, CollectionSchema, open_ended

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
# The interface's list.
COLLECTIONS = {
    *("users", "refresh_tokens", "accounts", "trades", "positions"),
    *("paper_sessions", "paper_trades", "ai_analysis", "ai_requests", "candles"),
    *(
        "user_activity",
        "system_logs",
        "notifications",
        "notification_deliveries",
        "notification_rates",
        "notification_settings",
        "archive_manifests",
        "venue_symbols",
    ),
    *("legal_holds", "archive_restores", "ai_signal_days", "event_receipts"),
    "event_attempts",
    *(f"{tier}_{name}" for tier in ("archive", "restored") for name in ARCHIVED),
}


def a_user(**changes: Any) -> dict[str, Any]:
    user = {
        "_id": "user_1",
        "email": "somebody@example.com",
        "full_name": "Somebody",
        "roles": [],
        "password_hash": "x",
        "created_at": NOW,
        "last_login": None,
    }
    return user | changes


async def test_every_collection_is_there(database: Database) -> None:
    await ensure_schema(database)
    assert set(SCHEMAS) == COLLECTIONS
    for found in [each async for each in await database.list_collections()]:
        assert found["options"]["validator"] == {"$jsonSchema": SCHEMAS[found["name"]].validator}, (
            found["name"]
        )
    assert set(await database.list_collection_names()) == COLLECTIONS


async def test_the_promised_indexes_are_there(database: Database) -> None:
    await ensure_schema(database)

    async def keys_of(collection: str) -> list[tuple[tuple[str, Any], ...]]:
        indexes = await database[collection].index_information()
        return [tuple(index["key"]) for index in indexes.values()]

    assert (("user_id", 1), ("closed_at", 1), ("opened_at", -1)) in [
        keys[:3] for keys in await keys_of("positions")
    ]
    assert (("user_id", 1), ("created_at", -1)) in [keys[:2] for keys in await keys_of("trades")]
    candles = await database["candles"].index_information()
    assert any(
        index.get("unique") and [name for name, _ in index["key"]]
        == ["symbol", "timeframe", "open_time"]
        for index in candles.values()
    )  # fmt: skip
    tokens = await database["refresh_tokens"].index_information()
    assert any(index.get("expireAfterSeconds") == 0 for index in tokens.values())


async def test_again_and_at_once_it_changes_nothing(database: Database) -> None:
    await asyncio.gather(*(ensure_schema(database) for _ in range(3)))
    await database["users"].insert_one(a_user())
    await ensure_schema(database)
    assert await database["users"].count_documents({}) == 1


async def test_a_changed_validator_replaces_the_old_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"notifications": CollectionSchema(open_ended({"old": TEXT}))}
    new = {"notifications": CollectionSchema(open_ended({"new": TEXT}))}
    monkeypatch.setattr(mongo_schema, "SCHEMAS", old)
    await ensure_schema(database)
    with pytest.raises(WriteError):
        await database["notifications"].insert_one({"new": "x"})
    monkeypatch.setattr(mongo_schema, "SCHEMAS", new)
    await ensure_schema(database)
    await database["notifications"].insert_one({"new": "x"})


@pytest.mark.parametrize(
    "changes",
    [
        {"email": None},
        {"email": ""},
        {"roles": "operator"},
        {"created_at": "yesterday"},
        {"last_login": 1},
        {"password": "in clear"},
        {"venue_credentials": {"api_key": "in clear"}},
    ],
)
async def test_a_bad_user_is_refused(database: Database, changes: dict[str, Any]) -> None:
    await ensure_schema(database)
    with pytest.raises(WriteError):
        await database["users"].insert_one(a_user(**changes))


async def test_an_address_is_there_once(database: Database) -> None:
    await ensure_schema(database)
    await database["users"].insert_one(a_user())
    with pytest.raises(DuplicateKeyError):
        await database["users"].insert_one(a_user(_id="user_2"))


async def test_a_price_as_a_float_is_refused(database: Database) -> None:
    await ensure_schema(database)
    candle: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "timeframe": "1m",
        **dict.fromkeys(("open_time", "close_time", "received_at", "processed_at"), NOW),
        "closed": True,
        "indicators": {},
        "source": "stream",
        "sequence": 1,
        **dict.fromkeys(("open", "high", "low", "close", "volume"), Decimal("1.5")),
    }
    await database["candles"].insert_one(dict(candle))
    with pytest.raises(WriteError):
        await database["candles"].insert_one(candle | {"timeframe": "5m", "close": 1.5})
