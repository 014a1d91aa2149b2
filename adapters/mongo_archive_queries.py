"""Which records go on: the conditions by which MongoDB finds them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from adapters.mongo import Database, Document
from domain.analysis import Signal
from domain.archival.analyses import scored_by_now
from domain.archival.holds import LegalHold
from domain.archival.ports import Lane
from domain.archival.tiers import HOT_CANDLES_A_SERIES, SETTLED_STATUSES, DataType
from domain.candles import Timeframe

# Dates compare with dates alone: what is null is not found.
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def not_held(data_type: DataType, holds: Sequence[LegalHold]) -> Document:
    """Return the condition of what no hold keeps in place."""
    concerned = [hold for hold in holds if hold.concerns(data_type)]
    return {"$nor": [_held_by(data_type, hold) for hold in concerned]} if concerned else {}


def _held_by(data_type: DataType, hold: LegalHold) -> Document:
    condition: Document = {}
    if hold.user_id is not None:
        condition["$or"] = [{"user_id": hold.user_id}, {"user_ids": hold.user_id}]
    span = {
        operator: moment
        for operator, moment in (("$gte", hold.since), ("$lt", hold.until))
        if moment is not None
    }
    return {**condition, data_type.time_field: span} if span else condition


async def lanes(
    database: Database, data_type: DataType, before: datetime, as_of: datetime
) -> list[Lane]:
    """Return what may leave the hot collection."""
    match data_type:
        case DataType.CANDLES:
            return await _candle_lanes(database, before)
        case DataType.TRADES:
            return [Lane("", await _settled_trades(database, before), before)]
        case DataType.AI_ANALYSIS:
            return [Lane("", _scored_analyses(as_of), before)]
        case _:
            return [Lane("", {}, before)]


async def _settled_trades(database: Database, before: datetime) -> Document:
    """Return the condition of trades that no workflow will write again.

    A trade leaves its account in the transaction that writes its last record; one that an
    account still lists is left where it is, whatever its record says.
    """
    listed: set[str] = set()
    since = {"$lt": before, "$gt": _BEGINNING}
    condition = {"$or": [{"resting_since": since}, {"unconfirmed_since": since}]}
    async for account in database["accounts"].find(condition, {"orders": True}):
        listed.update(account["orders"])
    settled: Document = {"status": {"$in": list(SETTLED_STATUSES)}}
    return {**settled, "_id": {"$nin": sorted(listed)}} if listed else settled


def _scored_analyses(as_of: datetime) -> Document:
    by_now = [
        {"timeframe": str(timeframe), "created_at": {"$lt": scored_by_now(timeframe, as_of)}}
        for timeframe in Timeframe
    ]
    return {"$or": [{"signal": str(Signal.NEUTRAL)}, {"score": {"$ne": None}}, *by_now]}


async def _candle_lanes(database: Database, before: datetime) -> list[Lane]:
    """Return a lane for each series, which leaves its newest candles alone."""
    candles = database["candles"]
    # From the index alone: the oldest of each series.
    oldest: list[Document] = [
        {"$sort": {"symbol": 1, "timeframe": 1, "open_time": 1}},
        {
            "$group": {
                "_id": {"symbol": "$symbol", "timeframe": "$timeframe"},
                "first": {"$first": "$open_time"},
            }
        },
        {"$match": {"first": {"$lt": before}}},
        {"$sort": {"_id.symbol": 1, "_id.timeframe": 1}},
    ]
    found = []
    for each in await candles.aggregate(oldest).to_list(None):
        series: dict[str, Any] = each["_id"]
        # The newest that may go: what is newer stays, however old it is.
        newest = await candles.find_one(
            series, {"open_time": True}, sort=[("open_time", -1)], skip=HOT_CANDLES_A_SERIES - 1
        )
        if newest is None or newest["open_time"] <= each["first"]:
            continue
        name = f"{series['symbol']} {series['timeframe']}"
        condition = {**series, "closed": True}
        found.append(Lane(name, condition, min(before, newest["open_time"])))
    return found
