"""Lists over hot and archived records alike."""

import heapq
from collections.abc import Mapping
from itertools import islice
from typing import Any

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_schema import archive_of

# What the archive adds to a record.
ARCHIVED_AT = "archived_at"


class TieredRecords:
    """One collection and its archive, read as if they were one.

    A record that is being moved is in both for a moment: it is copied before it is removed.
    The hot collection is therefore always read first. Read the other way round, a record
    could be copied after the archive was read and removed before the hot collection is.
    """

    def __init__(self, database: Database, collection: str, time_field: str) -> None:
        self._hot = database[collection]
        self._archive = database[archive_of(collection)]
        self._time_field = time_field

    async def newest(
        self, condition: Mapping[str, Any], limit: int, hidden: Mapping[str, bool] | None = None
    ) -> list[Document]:
        """Return the newest `limit` records, each once, sorted by time and `_id`, descending.

        Args:
            condition: A filter; see `adapters.mongo_paging.older_than` for pages.
            limit: How many at most.
            hidden: Members to leave out, as `{name: False}`.

        Raises:
            Retryable: The store could not be reached.
        """
        order = [(self._time_field, -1), ("_id", -1)]
        # The merge needs `_id`, and takes it out itself.
        hidden = {name: False for name in hidden or () if name != "_id"} | {ARCHIVED_AT: False}
        with mongo_faults():
            hot, archived = [
                await tier.find(condition, hidden).sort(order).limit(limit).to_list(limit)
                for tier in (self._hot, self._archive)
            ]
        return merged(hot, archived, self._time_field, limit)

    async def one(
        self, condition: Mapping[str, Any], hidden: Mapping[str, bool] | None = None
    ) -> Document | None:
        """Return one record, wherever it is.

        Raises:
            Retryable: The store could not be reached.
        """
        hidden = {**(hidden or {}), ARCHIVED_AT: False}
        with mongo_faults():
            hot: Document | None = await self._hot.find_one(condition, hidden)
            return hot or await self._archive.find_one(condition, hidden)


def merged(
    hot: list[Document], archived: list[Document], time_field: str, limit: int
) -> list[Document]:
    """Merge two descending lists into one of at most `limit`, without `_id`.

    Of a record that is in both the hot one counts, and is shown once.
    """
    seen = {record["_id"] for record in hot}
    moved = [record for record in archived if record["_id"] not in seen]
    both = heapq.merge(hot, moved, key=lambda each: (each[time_field], each["_id"]), reverse=True)
    return [
        {name: value for name, value in record.items() if name != "_id"}
        for record in islice(both, limit)
    ]
