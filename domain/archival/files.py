"""Ports of files of records and of the storage that keeps them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Literal, Protocol, TypeAlias

from domain.archival.manifests import FileContents
from domain.archival.tiers import DataType

# S3's names. In the last two classes an object must be retrieved before it is read.
StorageClass: TypeAlias = Literal[
    "STANDARD", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"
]
RetrievalTier: TypeAlias = Literal["Standard", "Bulk", "Expedited"]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file on this machine, and what was counted while it was written."""

    file: BinaryIO
    contents: FileContents


class RecordFiles(Protocol):
    """Files of records on this machine's disk; without a name, so that none outlives us."""

    def blank(self) -> BinaryIO:
        """Return a new file.

        Raises:
            Retryable: The disk would not take it.
        """

    async def write(
        self, data_type: DataType, documents: AsyncIterator[bytes]
    ) -> WrittenFile | None:
        """Write batches of documents to a new file; None where there are none.

        Raises:
            Rejected: A document cannot be stored in a file.
            Retryable: The disk would not take it.
        """

    async def count(self, data_type: DataType, file: BinaryIO) -> FileContents:
        """Count a file anew from what is in it, columns and records.

        Raises:
            Rejected: It is no such file, or its columns are not those of its records.
            Retryable: The disk would not give it.
        """

    def records(
        self, file: BinaryIO, time_field: str = "", span: tuple[datetime, datetime] | None = None
    ) -> AsyncIterator[list[bytes]]:
        """Return the documents of a file in batches: all, or those made in a span.

        Raises:
            Retryable: The disk would not give them.
        """


class Retrieval(StrEnum):
    """Whether an object can be read."""

    COLD = "cold"
    UNDER_WAY = "under way"
    READABLE = "readable"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the storage says of an object.

    Attributes:
        size_bytes: Its size.
        sha256: The storage's own digest of it, in hexadecimal; None if it keeps none.
        storage_class: How it is stored.
        retrieval: Whether it can be read.
        readable_until: Until when, if it was retrieved for a while.
    """

    size_bytes: int
    sha256: str | None
    storage_class: str
    retrieval: Retrieval
    readable_until: datetime | None = None


class ColdStorage(Protocol):
    """Object storage with a class whose objects must be retrieved before they are read.

    Every method raises `Retryable` where the storage is away or will not now, and `Rejected`
    where it refuses for good; both carry a `reason` of `domain.archival.messages.Reason`.
    """

    bucket: str
    storage_class: str

    async def upload(self, file: BinaryIO, key: str, sha256: str) -> None:
        """Put a file where it can be read at once; the storage checks the digest."""

    async def download(self, key: str, file: BinaryIO) -> str:
        """Read an object into a file, and return its digest in hexadecimal."""

    async def chill(self, key: str, to: str) -> StoredObject:
        """Copy an object to another key, in the class of this storage; say what is there."""

    async def look(self, key: str) -> StoredObject | None:
        """Say what is known of an object; None where there is none."""

    async def retrieve(self, key: str, days: int) -> None:
        """Ask for an object to be readable for so many days; asking again changes nothing."""

    async def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted."""
