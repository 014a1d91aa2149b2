"""Records on their way between collections: copied, proven, and only then removed.

Documents travel as the BSON that the server sent, never through Python's types: what is
compared, and what arrives, is equal to the last byte.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, TypeVar

import bson
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from adapters.mongo import CODEC_OPTIONS, Database, Document
from adapters.mongo_archive_queries import lanes, not_held
from adapters.mongo_errors import mongo_faults
from adapters.mongo_raw import copy, raw_batches, stored
from adapters.parquet_columns import each_document, id_of
from domain.archival.holds import LegalHold
from domain.archival.messages import RestoreReport
from domain.archival.ports import Batch, Lane, Moved
from domain.archival.tiers import DataType, month_span
from domain.errors import ErrorCode, Retryable

T = TypeVar("T")

# One transaction's: short enough to stand in nobody's way.
BATCH: Final = 100
# Batches of this many go into files, which need no transaction.
FILE_BATCH: Final = 5_000
# Waits before a transaction that met another is tried again; together longer than a worker's
# that was killed in the middle of one stays open.
_TRANSACTION_WAITS_S: Final = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_CONFLICT: Final = "TransientTransactionError"
_MAJORITY: Final = ReadConcern("majority")


class MongoArchive:
    """Implements `domain.archival.ports.ArchiveCollections`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lanes(self, data_type: DataType, before: datetime, as_of: datetime) -> list[Lane]:
        """Return what may leave the hot collection; empty lanes are left out."""
        with mongo_faults():
            return await lanes(self._database, data_type, before, as_of)

    async def hot_count(self, data_type: DataType, lanes: Sequence[Lane]) -> int:
        """Return how many records are in the lanes."""
        count = 0
        with mongo_faults():
            for lane in lanes:
                condition = _in_lane(data_type, lane, None)
                count += await self._database[data_type].count_documents(condition)
        return count

    async def hot(
        self, data_type: DataType, lane: Lane, since: datetime | None
    ) -> AsyncIterator[Batch]:
        """Return a lane's records in batches, the oldest first, those made since a time."""
        collection = self._database[data_type]
        condition = _in_lane(data_type, lane, since)
        with mongo_faults():
            async for batch in raw_batches(collection, condition, data_type.time_field, BATCH):
                documents = list(each_document(batch))
                last = bson.decode(documents[-1], CODEC_OPTIONS)[data_type.time_field]
                yield Batch(documents, last)

    async def to_archive(self, data_type: DataType, documents: Sequence[bytes]) -> Moved:
        """Copy records to the archive, prove the copies, and remove the originals."""
        hot, archive = self._database[data_type], self._database[data_type.archive]
        ids = [id_of(document) for document in documents]

        async def remove(session: AsyncIOMotorClientSession) -> list[bytes]:
            proven = await stored(hot, ids, session) & await stored(archive, ids, session)
            return await _remove(hot, ids, documents, proven, session)

        with mongo_faults():
            refused = await copy(archive, documents)
            gone = await self._in_transaction(remove)
        return Moved(
            documents=len(gone),
            size_bytes=sum(map(len, gone)),
            changed=len(documents) - len(gone) - refused,
            refused=refused,
        )

    async def months(
        self, data_type: DataType, before: datetime, holds: Sequence[LegalHold]
    ) -> dict[str, int]:
        """Return how many archived records of each month are old enough and not held."""
        condition = {data_type.time_field: {"$lt": before}, **not_held(data_type, holds)}
        return await self._months(data_type.archive, data_type.time_field, condition)

    async def hot_months(
        self, data_type: DataType, lanes: Sequence[Lane], before: datetime
    ) -> dict[str, int]:
        """Return the same of what is still hot and may leave."""
        found: dict[str, int] = {}
        for lane in lanes:
            bound = Lane(lane.name, lane.condition, min(lane.before, before))
            condition = _in_lane(data_type, bound, None)
            counts = await self._months(str(data_type), data_type.time_field, condition)
            for month, count in counts.items():
                found[month] = found.get(month, 0) + count
        return found

    async def archived(
        self,
        data_type: DataType,
        month: str,
        before: datetime,
        holds: Sequence[LegalHold],
        most: int,
    ) -> AsyncIterator[bytes]:
        """Return archived records of a month, the oldest first, as batches of BSON."""
        first, end = month_span(month)
        span = {"$gte": first, "$lt": min(end, before)}
        condition = {data_type.time_field: span, **not_held(data_type, holds)}
        # What is in a file must not be taken back by an election.
        collection = self._database[data_type.archive].with_options(read_concern=_MAJORITY)
        with mongo_faults():
            async for batch in raw_batches(
                collection, condition, data_type.time_field, FILE_BATCH, most
            ):
                yield batch

    async def remove_stored(
        self, data_type: DataType, documents: Sequence[bytes], holds: Sequence[LegalHold]
    ) -> Moved:
        """Remove records from the archive that are as they are stored; others, and held, stay."""
        archive = self._database[data_type.archive]
        ids = [id_of(document) for document in documents]

        async def remove(session: AsyncIOMotorClientSession) -> Moved:
            present = await stored(archive, ids, session)
            free = present
            if holds:
                free = await stored(archive, ids, session, not_held(data_type, holds))
            gone = await _remove(archive, ids, documents, free, session)
            held = len(present) - len(free)
            changed = len(free) - len(gone)
            return Moved(len(gone), sum(map(len, gone)), changed=changed, held=held)

        with mongo_faults():
            return await self._in_transaction(remove)

    async def aged_count(
        self, data_type: DataType, before: datetime, holds: Sequence[LegalHold]
    ) -> int:
        """Return how many archived records are to be deleted."""
        condition = {data_type.time_field: {"$lt": before}, **not_held(data_type, holds)}
        with mongo_faults():
            return await self._database[data_type.archive].count_documents(condition)

    async def delete_aged(
        self, data_type: DataType, before: datetime, holds: Sequence[LegalHold], most: int
    ) -> Moved:
        """Delete archived records for their age, the oldest first."""
        archive = self._database[data_type.archive]
        condition = {data_type.time_field: {"$lt": before}, **not_held(data_type, holds)}
        deleted, size_bytes = 0, 0
        with mongo_faults():
            async for batch in raw_batches(archive, condition, data_type.time_field, BATCH, most):
                ids = [id_of(document) for document in each_document(batch)]
                # Once more in full: it may have changed since it was listed.
                result = await archive.delete_many({"_id": {"$in": ids}, **condition})
                deleted += result.deleted_count
                size_bytes += len(batch)
        return Moved(deleted, size_bytes)

    async def restore(self, data_type: DataType, documents: Sequence[bytes]) -> Moved:
        """Put records into the restored collection, and prove them; newer ones elsewhere stay."""
        by_id = {id_of(document): document for document in documents}
        restored = self._database[data_type.restored]
        with mongo_faults():
            for collection in (self._database[data_type], self._database[data_type.archive]):
                async for each in collection.find({"_id": {"$in": list(by_id)}}, {"_id": True}):
                    by_id.pop(each["_id"], None)
            wanted = list(by_id.values())
            refused = await copy(restored, wanted)
            found = await stored(restored, list(by_id)) if by_id else set()
        proven = [document for document in wanted if document in found]
        return Moved(
            documents=len(proven),
            size_bytes=sum(map(len, proven)),
            changed=len(documents) - len(wanted),
            refused=max(refused, len(wanted) - len(proven)),
        )

    async def forget_restored(
        self, data_type: DataType, since: datetime, until: datetime, kept: Sequence[RestoreReport]
    ) -> int:
        """Delete restored records of a range, less those that another restore brought too."""
        time = data_type.time_field
        others: list[Document] = [{time: {"$gte": each.since, "$lt": each.until}} for each in kept]
        condition: Document = {time: {"$gte": since, "$lt": until}}
        if others:
            condition = {"$and": [condition, {"$nor": others}]}
        with mongo_faults():
            result = await self._database[data_type.restored].delete_many(condition)
        return result.deleted_count

    async def _months(
        self, collection: str, time_field: str, condition: Mapping[str, Any]
    ) -> dict[str, int]:
        month = {"$dateToString": {"date": f"${time_field}", "format": "%Y-%m"}}
        pipeline: list[Document] = [
            {"$match": condition},
            {"$group": {"_id": month, "count": {"$sum": 1}}},
        ]
        with mongo_faults():
            found = await self._database[collection].aggregate(pipeline).to_list(None)
        return {each["_id"]: each["count"] for each in sorted(found, key=lambda one: one["_id"])}

    async def _in_transaction(self, act: Callable[[AsyncIOMotorClientSession], Awaitable[T]]) -> T:
        """Read and delete in one transaction, so that nothing that changes meanwhile is lost.

        It sees one moment, and the server refuses to delete what was changed since.
        """
        for wait_s in _TRANSACTION_WAITS_S:
            await asyncio.sleep(wait_s)
            try:
                async with (
                    await self._database.client.start_session() as session,
                    session.start_transaction(read_concern=ReadConcern("snapshot")),
                ):
                    return await act(session)
            except PyMongoError as error:
                if not error.has_error_label(_CONFLICT):
                    raise
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "records change as fast as they are moved")


async def _remove(
    collection: AsyncIOMotorCollection[Document],
    ids: Sequence[Any],
    documents: Sequence[bytes],
    proven: AbstractSet[bytes],
    session: AsyncIOMotorClientSession,
) -> list[bytes]:
    """Delete the documents that are proven, by their ids, and return them."""
    equal = [(each, of) for each, of in zip(ids, documents, strict=True) if of in proven]
    if equal:
        listed = [each for each, _ in equal]
        await collection.delete_many({"_id": {"$in": listed}}, session=session)
    return [document for _, document in equal]


def _in_lane(data_type: DataType, lane: Lane, since: datetime | None) -> Document:
    span: Document = {"$lt": lane.before}
    if since is not None:
        span["$gte"] = since
    return {**lane.condition, data_type.time_field: span}
