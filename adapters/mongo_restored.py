"""What was brought back from cold storage, in pages."""

import base64
from datetime import datetime
from typing import Any

from bson import json_util
from bson.errors import BSONError
from bson.objectid import ObjectId

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.archival.tiers import DataType
from domain.errors import ErrorCode, Rejected
from domain.paging import PagePosition


class MongoRestored:
    """Lists the collections `restored_<data type>`; anybody's records, for operators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def records(  # noqa: PLR0913 - the filters of the interface
        self,
        data_type: DataType,
        *,
        user_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Document]:
        """Return records, newest first, with their `_id`; see `position_of` for pages.

        Args:
            data_type: Their kind.
            user_id: Whose, where records are somebody's.
            since: Made then or later.
            until: Made before then.
            position: The last that was seen.
            limit: How many at most.

        Raises:
            Rejected: `INVALID_REQUEST`; the position was made up.
            Retryable: The store could not be reached.
        """
        time = data_type.time_field
        conditions: list[Document] = []
        if user_id is not None:
            conditions.append({"$or": [{"user_id": user_id}, {"user_ids": user_id}]})
        if since is not None:
            conditions.append({time: {"$gte": since}})
        if until is not None:
            conditions.append({time: {"$lt": until}})
        if position is not None:
            at_once = {time: position.moment, "_id": {"$lt": _id_of(position.identifier)}}
            conditions.append({"$or": [{time: {"$lt": position.moment}}, at_once]})
        found = self._database[data_type.restored].find({"$and": conditions} if conditions else {})
        with mongo_faults():
            return await found.sort([(time, -1), ("_id", -1)]).limit(limit).to_list(limit)


def position_of(data_type: DataType, record: Document) -> PagePosition:
    """Return where a record stands in its list; some kinds have ids that are not text."""
    return PagePosition(record[data_type.time_field], json_util.dumps(record["_id"]))


def _id_of(identifier: str) -> str | ObjectId:
    try:
        found = json_util.loads(identifier)
    except (ValueError, TypeError, BSONError) as error:
        raise _made_up() from error
    if not isinstance(found, (str, ObjectId)):
        raise _made_up()
    return found


def _made_up() -> Rejected:
    return Rejected(
        ErrorCode.INVALID_REQUEST,
        "The request is not valid; see errors.",
        errors=[{"field": "cursor", "message": "Not a cursor of this list."}],
    )


def plain(value: Any) -> Any:
    """Return a stored value as JSON can say it: ids as text, bytes in base64."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, ObjectId) else value
