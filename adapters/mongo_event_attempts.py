"""How often a message was in somebody's hands who then died: what quorum queues count alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo import UpdateOne

from adapters.mongo import Database
from adapters.mongo_errors import mongo_faults

_KEPT = timedelta(days=7)


class MongoEventAttempts:
    """Implements `adapters.rabbitmq_consumer.Attempts` for one queue."""

    def __init__(self, database: Database, queue: str) -> None:
        self._attempts = database["event_attempts"]
        self._queue = queue

    async def most(self, letter_ids: Sequence[str]) -> int:
        """Return the highest number of attempts that any of them has had.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {"_id": {"$in": [self._identity(each) for each in letter_ids]}}
        with mongo_faults():
            found = await self._attempts.find_one(condition, sort=[("attempts", -1)])
        return found["attempts"] if found else 0

    async def begin(self, letter_ids: Sequence[str]) -> None:
        """Count an attempt of each; durable before the attempt is made.

        Raises:
            Retryable: The store could not be reached; an attempt may then be counted twice.
        """
        expires_at = datetime.now(UTC) + _KEPT
        change = {"$inc": {"attempts": 1}, "$set": {"expires_at": expires_at}}
        writes = [
            UpdateOne({"_id": self._identity(each)}, change, upsert=True) for each in letter_ids
        ]
        with mongo_faults():
            await self._attempts.bulk_write(writes, ordered=False)

    def _identity(self, letter_id: str) -> str:
        return f"{self._queue}:{letter_id}"
