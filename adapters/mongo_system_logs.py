"""The record of what happened, one document an event."""

from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from adapters.mongo import Database
from adapters.mongo_errors import mongo_faults


class MongoSystemLogs:
    """Writes `system_logs`; `_id` is the event's message id."""

    def __init__(self, database: Database) -> None:
        self._logs = database["system_logs"]

    async def record(self, message_id: str, entry: dict[str, Any], recorded_at: datetime) -> bool:
        """Keep an event; return whether it is new.

        Raises:
            Retryable: The store could not be reached; recording again is safe.
        """
        try:
            with mongo_faults():
                await self._logs.insert_one(
                    {"_id": message_id, **entry, "recorded_at": recorded_at}
                )
        except DuplicateKeyError:
            return False
        return True
