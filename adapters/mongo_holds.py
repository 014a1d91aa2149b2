"""Legal holds in MongoDB: the collection `legal_holds`, one document a hold."""

from pydantic import TypeAdapter
from pymongo.errors import DuplicateKeyError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from domain.archival.holds import LegalHold
from domain.archival.tiers import DataType
from domain.paging import PagePosition

_hold = TypeAdapter(LegalHold)


class MongoHolds:
    """Implements `domain.archival.ports.HoldStore`: holds, until they are lifted.

    Who set and lifted them is in `user_activity`.
    """

    def __init__(self, database: Database) -> None:
        self._holds = database["legal_holds"]

    async def set(self, hold: LegalHold) -> None:
        """Keep a hold; again, it changes nothing.

        Raises:
            Retryable: The store could not be reached; setting again is safe.
        """
        document: Document = {"_id": hold.hold_id, **_hold.dump_python(hold)}
        document["data_type"] = None if hold.data_type is None else str(hold.data_type)
        try:
            with mongo_faults():
                await self._holds.insert_one(document)
        except DuplicateKeyError:
            return

    async def lift(self, hold_id: str) -> LegalHold | None:
        """End a hold and return it; None where there is none.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found: Document | None = await self._holds.find_one_and_delete({"_id": hold_id})
        return None if found is None else _from_document(found)

    async def holds(self, data_type: DataType | None = None) -> list[LegalHold]:
        """Return the holds that may concern records of a kind, or all of them.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {}
        if data_type is not None:
            condition["data_type"] = {"$in": [str(data_type), None]}
        with mongo_faults():
            found = await self._holds.find(condition).to_list(None)
        return [_from_document(document) for document in found]

    async def page(
        self, *, position: PagePosition | None = None, limit: int = 100
    ) -> list[LegalHold]:
        """Return holds, the last set first; `position` is by `created_at` and id.

        Raises:
            Retryable: The store could not be reached.
        """
        cursor = self._holds.find(older_than(position, "created_at"))
        with mongo_faults():
            found = await cursor.sort([("created_at", -1), ("_id", -1)]).limit(limit).to_list(limit)
        return [_from_document(document) for document in found]


def _from_document(document: Document) -> LegalHold:
    return _hold.validate_python({name: value for name, value in document.items() if name != "_id"})
