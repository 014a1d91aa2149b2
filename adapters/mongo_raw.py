"""Documents of MongoDB as the BSON that the server sends and takes, without Python's types."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from adapters.mongo import Document
from adapters.parquet_columns import each_document, id_of


async def stored(
    collection: AsyncIOMotorCollection[Document],
    ids: Sequence[Any],
    session: AsyncIOMotorClientSession | None = None,
    condition: Document | None = None,
) -> set[bytes]:
    """Return what a collection has of these ids, where it meets the condition."""
    wanted = {"_id": {"$in": list(ids)}, **(condition or {})}
    batches = cast("AsyncIterator[bytes]", collection.find_raw_batches(wanted, session=session))
    return {document async for batch in batches for document in each_document(batch)}


async def copy(collection: AsyncIOMotorCollection[Document], documents: Sequence[bytes]) -> int:
    """Put documents into a collection, in the place of those of their ids; count the refused."""
    if not documents:
        return 0
    raw = [RawBSONDocument(document) for document in documents]
    try:
        await collection.insert_many(raw, ordered=False)
    except BulkWriteError as error:
        return await _replace(collection, documents, error)
    return 0


async def _replace(
    collection: AsyncIOMotorCollection[Document], documents: Sequence[bytes], error: BulkWriteError
) -> int:
    """Replace what could not be inserted: an earlier attempt's copy, perhaps of an older state."""
    if error.details.get("writeConcernErrors"):
        raise error
    failed = [documents[each["index"]] for each in error.details["writeErrors"]]
    changes: list[ReplaceOne[Any]] = [
        ReplaceOne({"_id": id_of(each)}, RawBSONDocument(each), upsert=True) for each in failed
    ]
    try:
        await collection.bulk_write(changes, ordered=False)
    except BulkWriteError as again:
        if again.details.get("writeConcernErrors"):
            raise
        return len(again.details["writeErrors"])
    return 0


def raw_batches(
    collection: AsyncIOMotorCollection[Document],
    condition: Mapping[str, Any],
    time_field: str,
    batch_size: int,
    most: int = 0,
) -> AsyncIterator[bytes]:
    """Return documents by their time, the oldest first, as batches of BSON."""
    cursor = collection.find_raw_batches(
        condition, sort=[(time_field, 1)], batch_size=batch_size, limit=most
    )
    # motor's types promise documents; it yields batches of BSON.
    return cast("AsyncIterator[bytes]", cursor)
