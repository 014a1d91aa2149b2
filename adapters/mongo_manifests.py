"""The manifests of cold storage, one document a file."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from domain.archival.manifests import IN_COLD_STORAGE, Manifest, ManifestState, move
from domain.archival.tiers import DataType
from domain.errors import ErrorCode, HaltTrading
from domain.paging import PagePosition

_manifest = TypeAdapter(Manifest)


class MongoManifests:
    """Keeps `archive_manifests`; implements `domain.archival.ports.ManifestStore`."""

    def __init__(self, database: Database) -> None:
        self._manifests = database["archive_manifests"]

    async def manifest(self, manifest_id: str) -> Manifest | None:
        """Return one manifest.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            document = await self._manifests.find_one({"_id": manifest_id})
        return None if document is None else _from_document(document)

    async def manifests(
        self,
        data_type: DataType | None = None,
        *,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Manifest]:
        """Return manifests, the last begun first; `position` is by `created_at` and id.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: dict[str, Any] = older_than(position, "created_at")
        if data_type is not None:
            condition["data_type"] = str(data_type)
        with mongo_faults():
            cursor = self._manifests.find(condition).sort([("created_at", -1), ("_id", -1)])
            found = await cursor.to_list(limit)
        return [_from_document(document) for document in found]

    async def cold(
        self,
        data_type: DataType,
        since: datetime | None = None,
        until: datetime | None = None,
        user_id: str | None = None,
    ) -> list[Manifest]:
        """Return the files that may hold such records, by the time of their oldest.

        Args:
            data_type: The kind.
            since: Made then or later.
            until: Made before then.
            user_id: This user's; files with too many users to list are among the answer.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: dict[str, Any] = {
            "data_type": str(data_type),
            "state": {"$in": [str(state) for state in IN_COLD_STORAGE]},
        }
        if since is not None:
            condition["contents.last_time"] = {"$gte": since}
        if until is not None:
            condition["contents.first_time"] = {"$lt": until}
        if user_id is not None:
            condition["contents.user_ids"] = {"$in": [user_id, None]}
        with mongo_faults():
            cursor = self._manifests.find(condition).sort([("contents.first_time", 1), ("_id", 1)])
            found = await cursor.to_list(None)
        return [_from_document(document) for document in found]

    async def unfinished(self, data_type: DataType) -> list[Manifest]:
        """Return the files that are not proven or not removed from the archive yet.

        Raises:
            Retryable: The store could not be reached.
        """
        states = (ManifestState.WRITING, ManifestState.UPLOADED, ManifestState.VERIFIED)
        condition: Document = {
            "data_type": str(data_type),
            "$or": [
                {"state": {"$in": [str(each) for each in states]}},
                # The copy that the removal was made by is not deleted yet.
                {"state": str(ManifestState.REMOVED), "removed_at": None},
            ],
        }
        with mongo_faults():
            found = await self._manifests.find(condition).sort("_id", 1).to_list(None)
        return [_from_document(document) for document in found]

    async def outlived(self, data_type: DataType, before: datetime) -> list[Manifest]:
        """Return the files whose newest record was made before this, and that are not deleted.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {
            "data_type": str(data_type),
            "$or": [
                {"state": str(ManifestState.REMOVED), "contents.last_time": {"$lt": before}},
                # Said to be deleted, by a run that ended before it was.
                {"state": str(ManifestState.EXPIRED), "expired_at": None},
            ],
        }
        with mongo_faults():
            found = await self._manifests.find(condition).sort("_id", 1).to_list(None)
        return [_from_document(document) for document in found]

    async def last_part(self, data_type: DataType, month: str) -> int:
        """Return the number of a month's last file; 0 if there is none.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._manifests.find_one(
                {"data_type": str(data_type), "month": month}, sort=[("part", -1)]
            )
        return 0 if found is None else int(found["part"])

    async def begin(self, manifest: Manifest) -> Manifest:
        """Keep a new manifest; where there is one of its id already, that one is returned.

        Raises:
            Retryable: The store could not be reached; beginning again is safe.
        """
        document = _to_document(manifest)
        with mongo_faults():
            await self._manifests.update_one(
                {"_id": manifest.manifest_id}, {"$setOnInsert": document}, upsert=True
            )
            kept = await self._manifests.find_one({"_id": manifest.manifest_id})
        assert kept is not None  # noqa: S101 - manifests are never deleted
        return _from_document(kept)

    async def advance(self, old: Manifest, new: Manifest) -> Manifest:
        """Put `new` in the place of `old`, if that is what is there (or `new` already is).

        Raises:
            HaltTrading: Something else is there, or the state may not follow.
            Retryable: The store could not be reached; advancing again is safe.
        """
        move(old.state, new.state)
        expected = {"state": str(old.state), "updated_at": old.updated_at, "key": old.key}
        with mongo_faults():
            changed = await self._manifests.replace_one(
                {"_id": old.manifest_id, **expected}, _to_document(new)
            )
            if changed.matched_count:
                return new
            found = await self._manifests.find_one({"_id": old.manifest_id})
        if found is None or _from_document(found) != new:
            raise HaltTrading(
                ErrorCode.SERVICE_UNAVAILABLE,
                f"the manifest {old.manifest_id} was changed by somebody else",
            )
        return new


def _to_document(manifest: Manifest) -> Document:
    document: Document = _manifest.dump_python(manifest, mode="python")
    document["data_type"], document["state"] = str(manifest.data_type), str(manifest.state)
    return document


def _from_document(document: Document) -> Manifest:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return _manifest.validate_python(fields)
