"""Sums of signals by day, each event added once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from domain.analysis_view import scored_message_id, signal_message_id
from domain.analytics import (
    NOTHING,
    Contribution,
    DayKey,
    Sums,
    added,
    contribution_of,
    contributions_of_record,
)
from domain.errors import ErrorCode, Retryable
from domain.event_messages import Event
from domain.paging import PagePosition

# A repeated message comes within days; a dead letter, when somebody looks at it.
RECEIPT_KEPT = timedelta(days=180)
_CONSUMER = "analytics"
_DAY = timedelta(days=1)
_CHUNK = 1_000
# A duplicate key, a write conflict: somebody else has just written the same.
_CONFLICTS = frozenset({11_000, 112})
# What a rebuild reads of an analysis, in hot storage and in the archive's.
_TIERS = ("ai_analysis", "archive_ai_analysis")
_RECORD = dict.fromkeys(
    ("created_at", "symbol", "model", "brought_own", "signal", "confidence", "score"), True
)


class MongoAnalytics:
    """Keeps `ai_signal_days`, and in `event_receipts` which events are in them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._days = database["ai_signal_days"]
        self._receipts = database["event_receipts"]

    async def add(self, events: Sequence[Event], at: datetime) -> int:
        """Add events that are not in the sums yet; return how many those were.

        Receipts and sums are written in one transaction: an event is in both or in neither.

        Raises:
            Retryable: The store could not be reached, or somebody else wrote at the same time.
        """
        async with self._transaction() as session:
            wanted = {_receipt_id(event.message_id): event for event in events}
            known = self._receipts.find({"_id": {"$in": list(wanted)}}, {}, session=session)
            for receipt in await known.to_list(None):
                del wanted[receipt["_id"]]
            if wanted:
                receipts = [_receipt(each, at) for each in wanted]
                await self._receipts.insert_many(receipts, session=session)
            found = [contribution_of(event) for event in wanted.values()]
            sums = _summed([each for each in found if each is not None])
            if sums:
                await self._days.bulk_write(
                    [_increment(key, each) for key, each in sums.items()],
                    ordered=False,
                    session=session,
                )
            return len(wanted)

    async def rebuild(self, day: datetime, at: datetime, *, may_shrink: bool = False) -> int | None:
        """Count a day (UTC) anew from the analyses themselves; return how many there are.

        Events that are still on their way are counted by this and get their receipt, so that
        they add nothing when they come.

        Args:
            day: Its beginning.
            at: Now.
            may_shrink: Whether a day may lose signals. Records that have left the archive
                cannot be counted again.

        Returns:
            None where the day would have lost signals, and was left as it is.

        Raises:
            Retryable: As for `add`; rebuilding again is safe.
        """
        async with self._transaction() as session:
            records = await self._records(day, session)
            found = [one for record in records.values() for one in contributions_of_record(record)]
            sums = _summed(found)
            before = await self._days.find({"day": day}, session=session).to_list(None)
            counted = sum(int(each["signals"]) for each in sums.values())
            if not may_shrink and counted < sum(each["signals"] for each in before):
                return None
            await self._days.delete_many({"day": day}, session=session)
            if sums:
                days = [_document(key, each) for key, each in sums.items()]
                await self._days.insert_many(days, session=session)
            await self._give_receipts(records, at, session)
            return len(records)

    async def days(
        self,
        since: datetime,
        *,
        symbol: str | None = None,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Document]:
        """Return the sums of the days since then, newest first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {"$and": [{"day": {"$gte": since}}, older_than(position, "day")]}
        if symbol is not None:
            condition["symbol"] = symbol
        with mongo_faults():
            cursor = self._days.find(condition).sort([("day", -1), ("_id", -1)])
            return await cursor.to_list(limit)

    async def _records(
        self, day: datetime, session: AsyncIOMotorClientSession
    ) -> dict[str, Document]:
        """Return the day's analyses by id: one that is being moved is in both places."""
        condition = {"created_at": {"$gte": day, "$lt": day + _DAY}}
        found: dict[str, Document] = {}
        for tier in _TIERS:
            async for record in self._database[tier].find(condition, _RECORD, session=session):
                found.setdefault(record["_id"], record)
        return found

    async def _give_receipts(
        self, records: Mapping[str, Document], at: datetime, session: AsyncIOMotorClientSession
    ) -> None:
        ids = [signal_message_id(analysis_id) for analysis_id in records]
        ids += [scored_message_id(each) for each in records if records[each].get("score")]
        writes = [_given(_receipt(_receipt_id(each), at)) for each in ids]
        for start in range(0, len(writes), _CHUNK):
            chunk = writes[start : start + _CHUNK]
            await self._receipts.bulk_write(chunk, ordered=False, session=session)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncIOMotorClientSession]:
        try:
            with mongo_faults():
                async with (
                    await self._database.client.start_session() as session,
                    session.start_transaction(read_concern=ReadConcern("snapshot")),
                ):
                    yield session
        except BulkWriteError as error:
            if any(each["code"] not in _CONFLICTS for each in error.details["writeErrors"]):
                raise
            detail = "The sums were written by somebody else."
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, detail) from error


def _summed(contributions: Sequence[Contribution]) -> dict[DayKey, Sums]:
    sums: dict[DayKey, Sums] = {}
    for each in contributions:
        sums[each.key] = added(sums.get(each.key, NOTHING), each.sums)
    return sums


def _document(key: DayKey, sums: Sums) -> Document:
    return {"_id": key.identity, "day": key.day, "symbol": key.symbol, "model": key.model, **sums}


def _increment(key: DayKey, sums: Sums) -> UpdateOne:
    named: dict[str, Any] = {"day": key.day, "symbol": key.symbol, "model": key.model}
    change = {"$setOnInsert": named, "$inc": dict(sums)}
    return UpdateOne({"_id": key.identity}, change, upsert=True)


def _receipt_id(message_id: str) -> str:
    return f"{_CONSUMER}:{message_id}"


def _receipt(receipt_id: str, at: datetime) -> Document:
    return {"_id": receipt_id, "expires_at": at + RECEIPT_KEPT}


def _given(receipt: Document) -> UpdateOne:
    return UpdateOne(
        {"_id": receipt["_id"]},
        {"$setOnInsert": {"expires_at": receipt["expires_at"]}},
        upsert=True,
    )
