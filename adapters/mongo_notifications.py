"""What users have been told: their lists, with read marks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.errors import BulkWriteError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from domain.errors import ErrorCode, Retryable
from domain.notifications import Notification
from domain.paging import PagePosition

# How long a notification stays in its user's list.
LISTED_FOR: Final = timedelta(days=90)
_DUPLICATE_KEY: Final = 11_000
_PUBLIC: Final = {"user_id": False, "expires_at": False}


class MongoNotifications:
    """Reads and writes `notifications`; `_id` follows from the event and the user."""

    def __init__(self, database: Database) -> None:
        self._notifications = database["notifications"]

    async def known(self, notification_ids: Collection[str]) -> set[str]:
        """Return which of them are listed already.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {"_id": {"$in": [*notification_ids]}}
        with mongo_faults():
            found = await self._notifications.find(condition, {"_id": True}).to_list(None)
        return {each["_id"] for each in found}

    async def add(self, notifications: Sequence[Notification], now: datetime) -> None:
        """List notifications; those that are listed already stay as they are.

        Raises:
            Retryable: The store could not be reached; adding again is safe.
        """
        await insert_new(self._notifications, [_document(each, now) for each in notifications])

    async def read(self, notification_ids: Collection[str]) -> dict[str, Document]:
        """Return the documents of these, by their ids.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._notifications.find({"_id": {"$in": [*notification_ids]}}).to_list(
                None
            )
        return {each["_id"]: each for each in found}

    async def page(
        self, user_id: str, *, unread: bool, position: PagePosition | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return a user's notifications, newest first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {"user_id": user_id, **older_than(position, "created_at")}
        if unread:
            condition["read_at"] = None
        cursor = self._notifications.find(condition, _PUBLIC)
        with mongo_faults():
            found = await cursor.sort([("created_at", -1), ("_id", -1)]).to_list(limit)
        return [{"notification_id": each.pop("_id"), **each} for each in found]

    async def unread(self, user_id: str, at_most: int) -> int:
        """Return how many a user has not read; counts no further than `at_most`.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            return await self._notifications.count_documents(
                {"user_id": user_id, "read_at": None}, limit=at_most
            )

    async def mark_read(self, user_id: str, notification_id: str, now: datetime) -> bool:
        """Mark one as read, the first time it is; tell whether the user has such a one.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            written = await self._notifications.update_one(
                {"_id": notification_id, "user_id": user_id},
                [{"$set": {"read_at": {"$ifNull": ["$read_at", now]}}}],
            )
        return written.matched_count > 0

    async def mark_all_read(self, user_id: str, until: datetime, now: datetime) -> int:
        """Mark all as read that were listed until a moment; return how many were not before.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            written = await self._notifications.update_many(
                {"user_id": user_id, "read_at": None, "created_at": {"$lte": until}},
                {"$set": {"read_at": now}},
            )
        return written.modified_count


async def insert_new(collection: Any, documents: Sequence[Document]) -> None:
    """Insert what is not there yet.

    Raises:
        Retryable: The store could not be reached; inserting again is safe.
    """
    if not documents:
        return
    with mongo_faults():
        try:
            await collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise Retryable(
                    ErrorCode.SERVICE_UNAVAILABLE, "A majority did not confirm."
                ) from error
            faults = error.details["writeErrors"]
            if not faults or any(each["code"] != _DUPLICATE_KEY for each in faults):
                raise


def _document(notification: Notification, now: datetime) -> Document:
    return {
        "_id": notification.notification_id,
        "user_id": notification.user_id,
        "event": notification.event,
        "title": notification.text.title,
        "body": notification.text.body,
        "path": notification.text.path,
        "data": dict(notification.details),
        "happened_at": notification.happened_at,
        "created_at": now,
        "read_at": None,
        "expires_at": now + LISTED_FOR,
    }
