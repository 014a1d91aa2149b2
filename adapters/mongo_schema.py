"""Every collection with its JSON-Schema validator and indexes, and how they are put in place."""

import asyncio
from typing import Any

from pymongo.errors import CollectionInvalid, OperationFailure

from adapters.mongo import Database
from adapters.mongo_errors import mongo_faults
from adapters.mongo_schema_activity import ACTIVITY_SCHEMAS
from adapters.mongo_schema_analysis import ANALYSIS_SCHEMAS
from adapters.mongo_schema_archive import ARCHIVE_SCHEMAS
from adapters.mongo_schema_events import EVENT_SCHEMAS
from adapters.mongo_schema_notifications import NOTIFICATION_SCHEMAS
from adapters.mongo_schema_parts import (
    BOOL,
    BYTES,
    DATE,
    DECIMAL,
    DOWN,
    OBJECT,
    STRING,
    STRINGS,
    TEXT,
    UP,
    WHOLE,
    CollectionSchema,
    closed,
    expiring,
    index,
    nullable,
    open_ended,
)
from adapters.mongo_schema_trading import TRADING_SCHEMAS
from domain.archival.tiers import DataType

_NAMESPACE_EXISTS = 48
_DIGEST_BYTES = {"bsonType": "binData"}

_SEALED_CREDENTIALS = closed(
    {"key_id": TEXT, "nonce": BYTES, "ciphertext": BYTES, "stored_at": DATE}
)

_CANDLE_PRICES = dict.fromkeys(("open", "high", "low", "close", "volume"), DECIMAL)

_SCHEMAS: dict[str, CollectionSchema] = {
    "users": CollectionSchema(
        closed(
            {
                "_id": TEXT,
                "email": TEXT,
                "full_name": STRING,
                "roles": STRINGS,
                "password_hash": TEXT,
                "created_at": DATE,
                "last_login": nullable(DATE),
            },
            account_opened=BOOL,
            venue_credentials=_SEALED_CREDENTIALS,
        ),
        (index(("email", UP), unique=True),),
    ),
    # One document a sign-in; `_id` is the session's id.
    "refresh_tokens": CollectionSchema(
        closed(
            {
                "_id": TEXT,
                "user_id": TEXT,
                "token_hash": _DIGEST_BYTES,
                "created_at": DATE,
                "rotated_at": DATE,
                "expires_at": DATE,
                "revoked_at": nullable(DATE),
                "revoked_for_reuse": BOOL,
            }
        ),
        (index(("user_id", UP)), expiring("expires_at")),
    ),
    "candles": CollectionSchema(
        open_ended(
            {
                "symbol": TEXT,
                "timeframe": TEXT,
                "open_time": DATE,
                "close_time": DATE,
                "closed": BOOL,
                **_CANDLE_PRICES,
                "indicators": OBJECT,
                "source": TEXT,
                "received_at": DATE,
                "processed_at": DATE,
                "sequence": nullable(WHOLE),
            }
        ),
        (index(("symbol", UP), ("timeframe", UP), ("open_time", UP), unique=True),),
    ),
    # One document a venue: the symbols that it told last, for reading while it is away.
    "venue_symbols": CollectionSchema(
        open_ended({"read_at": DATE, "rules": {"bsonType": "array", "items": OBJECT}}), ()
    ),
    # Written by the logging service; `_id` is the event's message id.
    "system_logs": CollectionSchema(open_ended({"timestamp": DATE}), (index(("timestamp", DOWN)),)),
    "legal_holds": CollectionSchema(
        closed(
            {
                "hold_id": TEXT,
                "data_type": nullable(TEXT),
                "user_id": nullable(TEXT),
                "since": nullable(DATE),
                "until": nullable(DATE),
                "reason": TEXT,
                "created_at": DATE,
            }
        ),
        (index(("created_at", DOWN), ("_id", DOWN)),),
    ),
}

ARCHIVED = tuple(str(data_type) for data_type in DataType)


def archive_of(collection: str) -> str:
    """Name the collection for the warm storage of another one."""
    return f"archive_{collection}"


SCHEMAS: dict[str, CollectionSchema] = {
    **_SCHEMAS,
    **TRADING_SCHEMAS,
    **ANALYSIS_SCHEMAS,
    **NOTIFICATION_SCHEMAS,
    **ACTIVITY_SCHEMAS,
    **EVENT_SCHEMAS,
    **ARCHIVE_SCHEMAS,
}


async def ensure_schema(database: Database) -> None:
    """Put every collection's validator and indexes in place; again, it changes nothing.

    Several processes may do this at once.

    Raises:
        Retryable: The store could not be reached.
    """
    with mongo_faults():
        found = {
            each["name"]: each.get("options", {}).get("validator")
            async for each in await database.list_collections()
        }
        await asyncio.gather(
            *(_ensure(database, name, schema, found) for name, schema in SCHEMAS.items())
        )


async def _ensure(
    database: Database, name: str, schema: CollectionSchema, found: dict[str, Any]
) -> None:
    validator = {"$jsonSchema": schema.validator}
    if name not in found:
        await _create(database, name, validator)
    elif found[name] != validator:
        # Takes the collection for itself while it runs: only where there is a difference.
        await database.command("collMod", name, validator=validator)
    if schema.indexes:
        await database[name].create_indexes(list(schema.indexes))


async def _create(database: Database, name: str, validator: dict[str, Any]) -> None:
    try:
        await database.create_collection(name, validator=validator)
    except CollectionInvalid:
        return
    except OperationFailure as error:
        # Another process was faster, with the same schema.
        if error.code != _NAMESPACE_EXISTS:
            raise
