"""What was restored from cold storage, and until when it is kept."""

from pydantic import TypeAdapter

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.archival.messages import RestoreReport
from domain.archival.tiers import DataType

_report = TypeAdapter(RestoreReport)


class MongoRestores:
    """Implements `domain.archival.ports.RestoreStore` on `archive_restores`."""

    def __init__(self, database: Database) -> None:
        self._restores = database["archive_restores"]

    async def keep(self, restore_id: str, report: RestoreReport) -> None:
        """Keep a report; again, it takes the earlier one's place.

        Raises:
            Retryable: The store could not be reached; keeping again is safe.
        """
        document: Document = {
            "data_type": str(report.data_type),
            "since": report.since,
            "until": report.until,
            # Enums as text, times as times.
            "report": _report.dump_python(report, mode="json"),
        }
        with mongo_faults():
            await self._restores.replace_one({"_id": restore_id}, document, upsert=True)

    async def restores(self, data_type: DataType) -> dict[str, RestoreReport]:
        """Return every restore that is not forgotten, by its id.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._restores.find({"data_type": str(data_type)}).to_list(None)
        return {each["_id"]: _report.validate_python(each["report"]) for each in found}

    async def forget(self, restore_id: str) -> None:
        """Delete a report.

        Raises:
            Retryable: The store could not be reached; deleting again is safe.
        """
        with mongo_faults():
            await self._restores.delete_one({"_id": restore_id})
