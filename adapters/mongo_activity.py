"""What people did, in MongoDB: `user_activity`, and its archive."""

from collections.abc import Sequence
from datetime import datetime

from pymongo.errors import BulkWriteError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from adapters.mongo_tiers import TieredRecords
from domain.activity import Activity, ActivityKind, activity_record
from domain.archival.tiers import DataType
from domain.paging import PagePosition

_TIME = DataType.USER_ACTIVITY.time_field
_DUPLICATE_KEY = 11_000
# What the interface shows; whose it is the caller knows.
_SHOWN = ("activity_id", "kind", "timestamp", "address", "user_agent", "request_id", "details")


class MongoActivity:
    """Appends records, whose `_id` is their `activity_id`, and lists a user's own."""

    def __init__(self, database: Database) -> None:
        self._activity = database[DataType.USER_ACTIVITY]
        self._tiers = TieredRecords(database, DataType.USER_ACTIVITY)

    async def insert(self, activities: Sequence[Activity]) -> None:
        """Append records; those that are there already stay as they are.

        Raises:
            Retryable: The store could not be reached; inserting again is safe.
            BulkWriteError: The store refused some; the others are there.
        """
        documents = [
            {"_id": activity.activity_id, **activity_record(activity)} for activity in activities
        ]
        try:
            with mongo_faults():
                await self._activity.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            refusals = error.details["writeErrors"]
            if any(refusal["code"] != _DUPLICATE_KEY for refusal in refusals):
                raise

    async def activities(
        self,
        user_id: str,
        *,
        kind: ActivityKind | None = None,
        since: datetime | None = None,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Document]:
        """Return what a user did, newest first, archived or not.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {"user_id": user_id, **older_than(position, _TIME)}
        if kind is not None:
            condition["kind"] = str(kind)
        if since is not None:
            condition = {"$and": [condition, {_TIME: {"$gte": since}}]}
        found = await self._tiers.newest(condition, limit)
        return [{name: each[name] for name in _SHOWN} for each in found]
