"""The record of what happened, one document an event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError

from adapters.mongo import Database
from adapters.mongo_errors import mongo_faults
from domain.errors import ErrorCode, Retryable
from domain.event_messages import Event

_DUPLICATE_KEY = 11_000


class MongoSystemLogs:
    """Writes `system_logs`; `_id` is the event's message id, so that each is there once."""

    def __init__(self, database: Database) -> None:
        self._logs = database["system_logs"]

    async def record(self, events: Sequence[Event], recorded_at: datetime) -> list[Event]:
        """Keep events; return those that are new.

        Raises:
            Retryable: The store could not be reached; recording again is safe.
            BulkWriteError: One of them can never be kept.
        """
        documents = [_document(event, recorded_at) for event in events]
        known: set[int] = set()
        try:
            with mongo_faults():
                await self._logs.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise Retryable(
                    ErrorCode.SERVICE_UNAVAILABLE, "A majority did not confirm."
                ) from error
            refusals = error.details["writeErrors"]
            if any(refusal["code"] != _DUPLICATE_KEY for refusal in refusals):
                raise
            known = {refusal["index"] for refusal in refusals}
        return [event for number, event in enumerate(events) if number not in known]


def _document(event: Event, recorded_at: datetime) -> dict[str, Any]:
    return {
        "_id": event.message_id,
        "event": event.event,
        "routing_key": event.routing_key,
        "user_id": event.message.user_id,
        "data": dict(event.data),
        "timestamp": event.timestamp,
        "version": event.version,
        "recorded_at": recorded_at,
    }
