"""Transactions whose process has died.

The server holds what they wrote until they run out, and lets nobody else write it. A service
that was killed in the middle of one would wait for its own ghost; it ends it instead.
"""

import structlog
from pymongo.errors import OperationFailure

from adapters.mongo import Database
from adapters.mongo_errors import mongo_faults
from domain.errors import Retryable

_log = structlog.get_logger(__name__)


async def end_abandoned(database: Database, name: str) -> int:
    """End the open transactions of the clients of this name; return how many there were.

    Of the same database user only, for which no further right is needed. A process that lives
    and is one of them loses nothing: its transaction fails as a passing fault. Where it cannot
    be done the transactions run out by themselves.

    Args:
        database: A database of the server.
        name: As the clients were opened with.
    """
    admin = database.client["admin"]
    try:
        with mongo_faults():
            found = await admin.aggregate(
                [
                    {"$currentOp": {"idleSessions": True, "allUsers": False}},
                    {"$match": {"type": "idleSession", "appName": name}},
                ]
            ).to_list(None)
            sessions = [{"id": each["lsid"]["id"]} for each in found]
            if sessions:
                await admin.command({"killSessions": sessions})
    except (Retryable, OperationFailure) as error:
        _log.warning("mongodb.abandoned_transactions_stay", error=repr(error))
        return 0
    return len(sessions)
