"""Records of every kind and age, and a worker that archives them, for tests."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from adapters.mongo import CODEC_OPTIONS, Database
from domain.archival.tiers import DataType

# The fake clock's now: ages are counted from here, whatever the machine's clock says.
NOW = datetime(2026, 6, 15, 3, tzinfo=UTC)
USERS = [f"user_{number:02}" for number in range(12)]


def made_at(number: int, days: float) -> datetime:
    """Return a moment so many days before `NOW`, a little different for each record."""
    return NOW - timedelta(days=days, milliseconds=number % 86_000)


def trade(number: int, days: float, **changes: Any) -> dict[str, Any]:
    """Return a trade's record, with fills, absent and null members, and odd decimals."""
    at = made_at(number, days)
    trade_id = f"trade-{number:08}"
    price = Decimal("54187.09") + Decimal(number % 97) / 100
    return {
        "_id": trade_id,
        "trade_id": trade_id,
        "user_id": USERS[number % len(USERS)],
        "symbol": ("BTCUSDT", "ETHUSDT")[number % 2],
        "side": ("BUY", "SELL")[number // 2 % 2],
        "type": "MARKET",
        "status": "FILLED",
        "quantity": Decimal("0.00092"),
        "quote_quantity": None,
        "price": None if number % 3 else price,
        "stop_price": None,
        "executed_quantity": Decimal(number % 1_000) / 100_000,
        "executed_price": price,
        "commission": Decimal("1E-8") if number % 5 else Decimal("0E-8"),
        "commission_asset": "BTC",
        "fills": [
            {
                "price": price,
                "quantity": Decimal("0.00092"),
                "commission": Decimal("9.2E-7"),
                "commission_asset": "BTC",
                "venue_trade_id": 2**40 + number,
                "time": at,
            }
        ][: number % 4],
        "failure": None if number % 7 else {"code": "X", "detail": "denied"},
        "client_order_id": f"c{number}",
        "venue_order_id": number,
        "workflow_id": f"trade-{trade_id}",
        "fingerprint": "f",
        "timestamp": at,
        "created_at": at,
        "updated_at": at,
        **changes,
    }


def candle(number: int, days: float, **changes: Any) -> dict[str, Any]:
    """Return a candle; candles of one minute, whose id MongoDB would have made."""
    at = (NOW - timedelta(days=days)).replace(second=0) - timedelta(minutes=number)
    return {
        "_id": bson.ObjectId(hashlib.sha256(f"{number} {days}".encode()).digest()[:12]),
        "symbol": "BTCUSDT",
        "timeframe": "1m",
        "open_time": at,
        **dict.fromkeys(("open", "high", "low", "close"), Decimal("54000.10")),
        "volume": Decimal(number) / 1000,
        "close_time": at + timedelta(seconds=59, milliseconds=999),
        "closed": True,
        "indicators": {"rsi": 48.5, "ema": None if number % 2 else 0.1},
        "source": "stream",
        "received_at": at,
        "processed_at": at,
        "sequence": None if number % 2 else number,
        **changes,
    }


def analysis(number: int, days: float, **changes: Any) -> dict[str, Any]:
    """Return an analysis that has its score."""
    at = made_at(number, days)
    analysis_id = f"analysis-{number:08}"
    return {
        "_id": analysis_id,
        "analysis_id": analysis_id,
        "subject": "s",
        "brought_own": False,
        "user_id": USERS[number % len(USERS)],
        "user_ids": [USERS[number % len(USERS)], USERS[0]],
        "symbol": "BTCUSDT",
        "timeframe": "1h",
        "candle_open_time": at,
        "price": Decimal("54187.09"),
        "signal": "Long",
        "confidence": Decimal("0.7"),
        "reasoning": "because",
        **dict.fromkeys(
            ("suggested_entry", "suggested_stop_loss", "suggested_take_profit"), Decimal(54_000)
        ),
        "risk_reward_ratio": None,
        "indicators": {"rsi": 51.0},
        "model": "sandbox-rule-1",
        "prompt_version": "1",
        "usage": {
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "model_ms": 3.5,
            "is_repaired": False,
        },
        "workflow_id": "w",
        "created_at": at,
        "expires_at": at + timedelta(minutes=5),
        "score": {"outcome": "STOP", "r_multiple": Decimal(-1)},
        **changes,
    }


def activity(number: int, days: float, **changes: Any) -> dict[str, Any]:
    """Return a line of a user's activity."""
    at = made_at(number, days)
    return {
        "_id": f"activity-{number:08}",
        "activity_id": f"activity-{number:08}",
        "kind": "sign_in",
        "user_id": USERS[number % len(USERS)],
        "timestamp": at,
        "address": "192.0.2.1",
        "user_agent": "test",
        "request_id": str(number),
        "details": {"amount": Decimal("1.50"), "count": number, "long": bson.Int64(number)},
        **changes,
    }


def log_line(number: int, days: float, **changes: Any) -> dict[str, Any]:
    """Return a line of the log, with free members."""
    at = made_at(number, days)
    return {
        "_id": f"log-{number:08}",
        "event": "trade.executed",
        "routing_key": "trade.executed",
        "user_id": None if number % 2 else USERS[number % len(USERS)],
        "data": {"n": number, "nested": {"list": [1, 2.5, None, {"deep": Decimal("0.1")}]}},
        "timestamp": at,
        "version": 1,
        **changes,
    }


MAKERS = {
    DataType.TRADES: trade,
    DataType.CANDLES: candle,
    DataType.AI_ANALYSIS: analysis,
    DataType.USER_ACTIVITY: activity,
    DataType.SYSTEM_LOGS: log_line,
}


async def fill(
    database: Database,
    data_type: DataType,
    ages: Iterator[tuple[int, float]] | list[tuple[int, float]],
) -> dict[Any, bytes]:
    """Put records of these numbers and ages in days into the hot collection; return their BSON."""
    made = [MAKERS[data_type](number, days) for number, days in ages]
    encoded = [bson.encode(each, codec_options=CODEC_OPTIONS) for each in made]
    for start in range(0, len(encoded), 5_000):
        batch = [RawBSONDocument(each) for each in encoded[start : start + 5_000]]
        await database[data_type].insert_many(batch, ordered=False)
    return {each["_id"]: text for each, text in zip(made, encoded, strict=True)}


async def stored(database: Database, collection: str) -> dict[Any, bytes]:
    """Return a collection's documents as BSON, by their id."""
    found: dict[Any, bytes] = {}
    async for batch in database[collection].find_raw_batches({}):
        for each in bson.decode_iter(batch, RAW):
            found[each["_id"]] = bytes(each.raw)
    return found


RAW = bson.CodecOptions(document_class=RawBSONDocument)


def bucket() -> str:
    """Name a bucket that nothing has used."""
    return f"archive-{secrets.token_hex(6)}"
