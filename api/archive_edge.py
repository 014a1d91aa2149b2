"""What the routes of archives work with."""

from dataclasses import dataclass

from temporalio.client import Client

from adapters.mongo import Database
from adapters.mongo_cold_lists import MongoColdLists
from adapters.mongo_holds import MongoHolds
from adapters.mongo_restored import MongoRestored
from workers.archive_desk import ArchiveDesk


@dataclass(frozen=True, slots=True)
class ArchiveEdge:
    """The parts, composed once for an application."""

    cold: MongoColdLists
    holds: MongoHolds
    restored: MongoRestored
    desk: ArchiveDesk


def archive_edge(database: Database, client: Client) -> ArchiveEdge:
    """Compose them; nothing is opened that the process has not open already."""
    return ArchiveEdge(
        MongoColdLists(database), MongoHolds(database), MongoRestored(database), ArchiveDesk(client)
    )
