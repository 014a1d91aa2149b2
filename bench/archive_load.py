"""Old trades to archive, and the usual way to export them, as a yardstick."""

import asyncio
import gzip
import io
import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any

from bson.decimal128 import Decimal128
from pymongo.write_concern import WriteConcern

from adapters.mongo import Database

BATCH = 5_000
USERS = 500
# How many of them are in the archive; the others are hot, and go through it.
ARCHIVED = 0.9
# Far enough in the past for cold storage: four months, the end not included.
OLD_SPAN = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC))
_SEED = 20_250_101
_STEP = Decimal("0.00001")


async def insert_old_trades(database: Database, user_id: str, count: int) -> Decimal:
    """Insert trades that look like a real one of this user; return the sum of their quantities.

    The oldest are archived already, as they would be in a system that runs every day.
    """
    model: Any = await database["trades"].find_one({"user_id": user_id})
    chance = random.Random(_SEED)  # noqa: S311 - the same trades in every run
    hot, archive = (
        database[name].with_options(write_concern=WriteConcern(w=1))
        for name in ("trades", "archive_trades")
    )
    total = Decimal(0)
    for begin in range(0, count, BATCH):
        batch = [_trade(model, chance, number, count) for number in range(begin, begin + BATCH)]
        batch = batch[: count - begin]
        total += sum((each["quantity"].to_decimal() for each in batch), Decimal(0))
        await (hot if begin >= count * ARCHIVED else archive).insert_many(batch, ordered=False)
    return total


def _trade(model: dict[str, Any], chance: random.Random, number: int, count: int) -> dict[str, Any]:
    first, end = OLD_SPAN
    trade_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    made = first + (end - first) * (number / count)
    made = made.replace(microsecond=made.microsecond // 1_000 * 1_000)
    quantity = Decimal128(_STEP * chance.randint(1, 99_999))
    price = Decimal128(Decimal(chance.randint(3_000_000, 9_000_000)).scaleb(-2))
    fill = {**_stored(model["fills"][0]), "price": price, "quantity": quantity}
    return {
        **_stored(model),
        "_id": trade_id,
        "trade_id": trade_id,
        "user_id": f"user_{number % USERS:024x}",
        "quantity": quantity,
        "executed_quantity": quantity,
        "executed_price": price,
        "fills": [fill],
        "client_order_id": f"bc-{trade_id.replace('-', '')}",
        "workflow_id": f"trade-{trade_id}",
        "venue_order_id": 10_000_000 + number,
        **dict.fromkeys(("timestamp", "created_at"), made),
        "updated_at": made + timedelta(milliseconds=20),
    }


def _stored(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal128(value) if isinstance(value, Decimal) else value
        for name, value in document.items()
    }


async def usual_export(database: Database, count: int) -> dict[str, Any]:
    """Export some of them as usual: each a Python object, as JSON lines, nothing proven."""
    began = perf_counter()
    packed = gzip.GzipFile(fileobj=io.BytesIO(), mode="wb")
    cursor = database["archive_trades"].find({"created_at": {"$lt": OLD_SPAN[1]}}).limit(count)
    async for document in cursor:
        packed.write(json.dumps(document, default=str).encode() + b"\n")
    await asyncio.to_thread(packed.close)
    took = perf_counter() - began
    return {
        "name": "yardstick: read as objects, written as JSON lines, nothing proven",
        "n": count,
        "per_s": round(count / took),
        "seconds": round(took, 1),
    }
