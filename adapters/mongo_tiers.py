"""Lists over hot and archived records alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.archival.tiers import DataType

# What the archive adds to a record.
ARCHIVED_AT = "archived_at"


class TieredRecords:
    """One collection and its archive, read as if they were one.

    A record that is being moved is in both for a moment; the hot one counts. Both are read in
    one round trip, the hot one first (see `domain.archival.tiers` for why that matters):
    `$unionWith` begins with the second collection when the first has been read.

    Args:
        database: Where both are.
        data_type: Names them, and the time that lists are sorted by.
        hidden: Members that no reader is shown.
    """

    def __init__(self, database: Database, data_type: DataType, hidden: Iterable[str] = ()) -> None:
        self._hot = database[data_type]
        self._archive_name = data_type.archive
        self._time_field = data_type.time_field
        self._hidden: Document = {"$unset": [ARCHIVED_AT, *hidden]}

    async def newest(self, condition: Mapping[str, Any], limit: int) -> list[Document]:
        """Return the newest `limit` records, each once, sorted by time and `_id`, descending.

        Args:
            condition: A filter; see `adapters.mongo_paging.older_than` for pages.
            limit: How many at most.

        Raises:
            Retryable: The store could not be reached.
        """
        newest_first = {"$sort": {self._time_field: -1, "_id": -1}}
        found = await self._both([{"$match": condition}, newest_first, {"$limit": limit}])
        return merged(found, self._time_field, limit)

    async def one(self, condition: Mapping[str, Any]) -> Document | None:
        """Return one record, wherever it is.

        Raises:
            Retryable: The store could not be reached.
        """
        found = await self._both([{"$match": condition}, {"$limit": 1}])
        return merged(found[:1], self._time_field, 1)[0] if found else None

    async def _both(self, selection: list[Document]) -> list[Document]:
        archived = {"coll": self._archive_name, "pipeline": selection}
        pipeline = [*selection, {"$unionWith": archived}, self._hidden]
        with mongo_faults():
            return await self._hot.aggregate(pipeline).to_list(None)


def merged(found: Iterable[Document], time_field: str, limit: int) -> list[Document]:
    """Sort what two tiers hold, the hotter one first, newest first and at most `limit`.

    Of a record that is in both the hotter one counts. `_id` is not part of what is returned.
    """
    once: dict[Any, Document] = {}
    for record in found:
        once.setdefault(record["_id"], record)
    newest = sorted(
        once.values(), key=lambda each: (each[time_field], str(each["_id"])), reverse=True
    )
    return [
        {name: value for name, value in record.items() if name != "_id"}
        for record in newest[:limit]
    ]
