"""Which of the records of `user_activity` their users have been told of."""

from datetime import datetime

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.account_notices import ROUTING_KEYS
from domain.activity import Activity, ActivityKind, Origin

# The next sweep finds what one leaves.
MOST_A_SWEEP = 500
_ANNOUNCED_AT = "announced_at"


class MongoNotices:
    """Implements `domain.account_notices.UnannouncedActivity` on `user_activity`."""

    def __init__(self, database: Database) -> None:
        self._activity = database["user_activity"]

    async def unannounced(self, since: datetime, before: datetime) -> list[Activity]:
        """Return what happened in between and asks for a notice that never left, oldest first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {
            "kind": {"$in": [str(kind) for kind in ROUTING_KEYS]},
            "timestamp": {"$gte": since, "$lt": before},
            _ANNOUNCED_AT: {"$exists": False},
        }
        with mongo_faults():
            found = await self._activity.find(condition).sort("timestamp", 1).to_list(MOST_A_SWEEP)
        return [_activity(record) for record in found]

    async def mark_announced(self, activity_id: str, at: datetime) -> None:
        """Remember that its notice has left.

        Raises:
            Retryable: The store could not be reached; marking again is safe.
        """
        with mongo_faults():
            await self._activity.update_one({"_id": activity_id}, {"$set": {_ANNOUNCED_AT: at}})


def _activity(record: Document) -> Activity:
    return Activity(
        activity_id=record["activity_id"],
        kind=ActivityKind(record["kind"]),
        user_id=record["user_id"],
        at=record["timestamp"],
        origin=Origin(record["address"], record["user_agent"], record["request_id"]),
        details=record["details"],
    )
