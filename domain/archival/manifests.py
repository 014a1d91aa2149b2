"""What is in a file in cold storage, and how far its proof has come."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.archival.holds import LegalHold
from domain.archival.tiers import DataType
from domain.errors import ErrorCode, HaltTrading

# The layout of the files; see docs/archive.md.
FILE_SCHEMA_VERSION: Final = 1
# A file with more users than this is treated as one that may hold anybody's records.
MAX_LISTED_USERS: Final = 1_000


class ManifestState(StrEnum):
    """How far a file has come; nothing is removed from the archive before VERIFIED."""

    WRITING = "writing"
    UPLOADED = "uploaded"
    VERIFIED = "verified"
    REMOVED = "removed"
    EXPIRED = "expired"


_NEXT: Final = {
    # What fails its proof is written again.
    ManifestState.WRITING: {ManifestState.WRITING, ManifestState.UPLOADED},
    ManifestState.UPLOADED: {ManifestState.WRITING, ManifestState.UPLOADED, ManifestState.VERIFIED},
    ManifestState.VERIFIED: {ManifestState.VERIFIED, ManifestState.REMOVED},
    ManifestState.REMOVED: {ManifestState.REMOVED, ManifestState.EXPIRED},
    # Said first, then done, then said when.
    ManifestState.EXPIRED: {ManifestState.EXPIRED},
}

# A record may be read from files in these states; where the archive has it too, that counts.
IN_COLD_STORAGE: Final = (ManifestState.VERIFIED, ManifestState.REMOVED)


def move(current: ManifestState, to: ManifestState) -> ManifestState:
    """Return `to` where a manifest may go there.

    Raises:
        HaltTrading: It may not: somebody else changed it, and a person must look.
    """
    if to not in _NEXT[current]:
        raise HaltTrading(
            ErrorCode.SERVICE_UNAVAILABLE, f"a manifest cannot go from {current} to {to}"
        )
    return to


@dataclass(frozen=True, slots=True)
class FileContents:
    """What was counted while a file was written.

    Attributes:
        document_count: How many records are in it.
        size_bytes: The file's size.
        sha256: The file's digest, in hexadecimal.
        sums: The sum of each decimal column, exact; left out where it has more than 34 digits.
        unrepresented: How many values of a decimal column are null in it, because they have
            more digits than the column; the record itself has them.
        first_id: The least id, as text.
        last_id: The greatest id, as text.
        ids_sha256: The digest of all ids in the order of the rows, each with a line's end.
        first_time: When the oldest record was made.
        last_time: When the newest one was.
        user_ids: Whose records are in it; None if they are too many to list.
    """

    document_count: int
    size_bytes: int
    sha256: str
    sums: dict[str, Decimal]
    unrepresented: dict[str, int]
    first_id: str
    last_id: str
    ids_sha256: str
    first_time: datetime
    last_time: datetime
    user_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One file of cold storage: records of one kind, made in one month (UTC).

    Attributes:
        manifest_id: `<data_type>-<month>-<part>`, such as "trades-2026-01-0001".
        data_type: The kind of its records.
        month: Their month, such as "2026-01".
        part: 1 for the month's first file; records that come late go to another.
        state: How far it has come.
        bucket: Where the file is.
        key: Its name there; it contains the digest, so that no other file can take its place.
        storage_class: How it is stored there, such as "GLACIER".
        schema_version: The layout of the file.
        created_at: When it was begun.
        updated_at: When its state changed last.
        contents: What is in it; None before it is uploaded.
        left_count: How many records in it do not count: they changed, or were held, before
            they could be removed from the archive, whose own therefore counts.
        refusal: Why it did not come further when it was tried last; None if it did.
        verified_at: When it was proven to be stored.
        removed_at: When its records had been removed from the archive, and all was cleaned up.
        expired_at: When it was deleted for its age.
    """

    manifest_id: str
    data_type: DataType
    month: str
    part: int
    state: ManifestState
    bucket: str
    key: str
    storage_class: str
    schema_version: int
    created_at: datetime
    updated_at: datetime
    contents: FileContents | None = None
    left_count: int = 0
    refusal: str | None = None
    verified_at: datetime | None = None
    removed_at: datetime | None = None
    expired_at: datetime | None = None

    @property
    def document_count(self) -> int:
        """How many records count as being in it."""
        return 0 if self.contents is None else self.contents.document_count - self.left_count

    def may_contain(self, hold: LegalHold) -> bool:
        """Tell whether a record in it may be held."""
        if self.contents is None or not hold.concerns(self.data_type):
            return False
        users = self.contents.user_ids
        if hold.user_id is not None and users is not None and hold.user_id not in users:
            return False
        return hold.overlaps(self.contents.first_time, self.contents.last_time)


def manifest_id_of(data_type: DataType, month: str, part: int) -> str:
    """Name a manifest."""
    return f"{data_type}-{month}-{part:04}"


def key_of(manifest: Manifest, sha256: str) -> str:
    """Name the object of a file; no other content can have this name."""
    return f"{manifest.data_type}/{manifest.month}/{manifest.manifest_id}-{sha256[:16]}.parquet"


def staging_key(key: str) -> str:
    """Name the copy of an object that can be read at once, while its records are removed."""
    return f"staging/{key}"
