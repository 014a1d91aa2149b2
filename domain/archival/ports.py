"""Ports of the collections that records move between."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.archival.holds import LegalHold
from domain.archival.manifests import Manifest
from domain.archival.messages import RestoreReport
from domain.archival.tiers import DataType


@dataclass(frozen=True, slots=True)
class Lane:
    """Hot records that go on together, in the order of their time.

    Attributes:
        name: Its name: empty, or a series of candles such as "BTCUSDT 1m".
        condition: What the store finds them by, besides their time.
        before: Records made before this go on.
    """

    name: str
    condition: Mapping[str, object]
    before: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents, the oldest first, and when the last of them was made."""

    documents: list[bytes]
    last_time: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a batch: moved, or left since they changed, were held, or were refused."""

    documents: int = 0
    size_bytes: int = 0
    changed: int = 0
    held: int = 0
    refused: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        """Return both together."""
        return Moved(
            self.documents + other.documents,
            self.size_bytes + other.size_bytes,
            self.changed + other.changed,
            self.held + other.held,
            self.refused + other.refused,
        )


class ArchiveCollections(Protocol):
    """The hot collections, their archives, and what was restored.

    Documents are BSON as the store has it. Every method raises `Retryable` where the store is
    away; all of them may be repeated.
    """

    async def lanes(self, data_type: DataType, before: datetime, as_of: datetime) -> list[Lane]:
        """Return what may leave the hot collection; empty lanes are left out."""

    async def hot_count(self, data_type: DataType, lanes: Sequence[Lane]) -> int:
        """Return how many records are in the lanes."""

    def hot(self, data_type: DataType, lane: Lane, since: datetime | None) -> AsyncIterator[Batch]:
        """Return a lane's records in batches, the oldest first, those made since a time."""

    async def to_archive(self, data_type: DataType, documents: Sequence[bytes]) -> Moved:
        """Copy records to the archive, prove the copies, and remove the originals."""

    async def months(
        self, data_type: DataType, before: datetime, holds: Sequence[LegalHold]
    ) -> dict[str, int]:
        """Return how many archived records of each month are old enough and not held."""

    async def hot_months(
        self, data_type: DataType, lanes: Sequence[Lane], before: datetime
    ) -> dict[str, int]:
        """Return the same of what is still hot and may leave."""

    def archived(
        self,
        data_type: DataType,
        month: str,
        before: datetime,
        holds: Sequence[LegalHold],
        most: int,
    ) -> AsyncIterator[bytes]:
        """Return archived records of a month, the oldest first, as batches of BSON."""

    async def remove_stored(
        self, data_type: DataType, documents: Sequence[bytes], holds: Sequence[LegalHold]
    ) -> Moved:
        """Remove records from the archive that are what is stored; `documents` is what left."""

    async def aged_count(
        self, data_type: DataType, before: datetime, holds: Sequence[LegalHold]
    ) -> int:
        """Return how many archived records are to be deleted."""

    async def delete_aged(
        self, data_type: DataType, before: datetime, holds: Sequence[LegalHold], most: int
    ) -> Moved:
        """Delete archived records for their age, the oldest first."""

    async def restore(self, data_type: DataType, documents: Sequence[bytes]) -> Moved:
        """Put records into the restored collection, and prove them; newer ones elsewhere stay."""

    async def forget_restored(
        self, data_type: DataType, since: datetime, until: datetime, kept: Sequence[RestoreReport]
    ) -> int:
        """Delete restored records of a range, less those that another restore brought too."""


class ManifestStore(Protocol):
    """The manifests; see `adapters.mongo_manifests`."""

    async def manifest(self, manifest_id: str) -> Manifest | None:
        """Return one manifest."""

    async def cold(
        self,
        data_type: DataType,
        since: datetime | None = None,
        until: datetime | None = None,
        user_id: str | None = None,
    ) -> list[Manifest]:
        """Return the files that may hold such records, by the time of their oldest."""

    async def unfinished(self, data_type: DataType) -> list[Manifest]:
        """Return the files that are not proven or not removed from the archive yet."""

    async def outlived(self, data_type: DataType, before: datetime) -> list[Manifest]:
        """Return the files whose newest record was made before this, and that are not deleted."""

    async def last_part(self, data_type: DataType, month: str) -> int:
        """Return the number of a month's last file; 0 if there is none."""

    async def begin(self, manifest: Manifest) -> Manifest:
        """Keep a new manifest; where there is one of its id already, that one is returned."""

    async def advance(self, old: Manifest, new: Manifest) -> Manifest:
        """Put `new` in the place of `old`, if that is what is there.

        Raises:
            HaltTrading: Something else is there, or the state may not follow.
        """


class HoldStore(Protocol):
    """The legal holds."""

    async def holds(self, data_type: DataType | None = None) -> list[LegalHold]:
        """Return the holds that concern a kind of records, or all of them."""


class RestoreStore(Protocol):
    """What was restored, and until when it is kept."""

    async def keep(self, restore_id: str, report: RestoreReport) -> None:
        """Keep a report; again, it takes the earlier one's place."""

    async def restores(self, data_type: DataType) -> dict[str, RestoreReport]:
        """Return every restore that is not forgotten, by its id."""

    async def forget(self, restore_id: str) -> None:
        """Delete a report."""
