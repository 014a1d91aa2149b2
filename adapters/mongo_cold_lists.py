"""What the edge tells of cold storage, without the long parts of its manifests."""

from dataclasses import dataclass
from datetime import datetime

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from domain.archival.cold_ranges import ColdRange, joined
from domain.archival.manifests import IN_COLD_STORAGE, ManifestState
from domain.archival.tiers import DataType
from domain.paging import PagePosition

# A manifest may name ten thousand users.
_USERS = "contents.user_ids"
_SPAN = {"contents.first_time": True, "contents.last_time": True}


@dataclass(frozen=True, slots=True)
class ColdTotal:
    """How many files of a kind there are in one state, and what is in them."""

    data_type: str
    state: str
    files: int
    documents: int
    size_bytes: int


class MongoColdLists:
    """Lists `archive_manifests` for people."""

    def __init__(self, database: Database) -> None:
        self._manifests = database["archive_manifests"]

    async def manifests(
        self,
        data_type: DataType | None = None,
        state: ManifestState | None = None,
        *,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Document]:
        """Return manifests without the users in them, the last begun first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = older_than(position, "created_at")
        if data_type is not None:
            condition["data_type"] = str(data_type)
        if state is not None:
            condition["state"] = str(state)
        cursor = self._manifests.find(condition, {"_id": False, _USERS: False})
        with mongo_faults():
            return await cursor.sort([("created_at", -1), ("_id", -1)]).limit(limit).to_list(limit)

    async def totals(self) -> list[ColdTotal]:
        """Return what there is of each kind in each state, sorted by both.

        Raises:
            Retryable: The store could not be reached.
        """
        counted: list[Document] = [
            {
                "$group": {
                    "_id": {"data_type": "$data_type", "state": "$state"},
                    "files": {"$sum": 1},
                    "documents": {"$sum": {"$ifNull": ["$contents.document_count", 0]}},
                    "size_bytes": {"$sum": {"$ifNull": ["$contents.size_bytes", 0]}},
                }
            },
            {"$sort": {"_id.data_type": 1, "_id.state": 1}},
        ]
        with mongo_faults():
            found = await self._manifests.aggregate(counted).to_list(None)
        return [ColdTotal(**each.pop("_id"), **each) for each in found]

    async def ranges(
        self, data_type: DataType, user_id: str, since: datetime | None
    ) -> list[ColdRange]:
        """Return when the records were made that this user may have in cold storage.

        A file with too many users to list may hold anybody's.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {
            "data_type": str(data_type),
            "state": {"$in": [str(state) for state in IN_COLD_STORAGE]},
            _USERS: {"$in": [user_id, None]},
        }
        if since is not None:
            condition["contents.last_time"] = {"$gte": since}
        with mongo_faults():
            found = await self._manifests.find(condition, _SPAN).to_list(None)
        spans = ((each["_id"], each["contents"]) for each in found)
        return joined(
            (ColdRange(span["first_time"], span["last_time"], (each,)) for each, span in spans),
            since,
        )
