"""What archival and restore workflows are asked, and what they answer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from domain.archival.tiers import DataType

# The Temporal task queue of both, served by a process of its own.
ARCHIVAL_QUEUE: Final = "archival"
# Their workflow types, for clients that start them by name.
ARCHIVAL_WORKFLOW: Final = "DataArchival"
RESTORE_WORKFLOW: Final = "Restore"
# The query that both answer with `Progress`.
PROGRESS_QUERY: Final = "progress"


class Stage(StrEnum):
    """What a run is doing."""

    PLANNING = "planning"
    TO_ARCHIVE = "hot → archive"
    TO_COLD = "archive → cold"
    DELETING = "deleting"
    RETRIEVING = "retrieving"
    READING = "reading"
    DONE = "done"


class Reason(StrEnum):
    """Why something was left where it was."""

    CHANGED = "changed"
    HELD = "held"
    NOT_STORABLE = "not storable"
    DISK = "disk"
    REFUSED = "refused"
    CORRUPTED = "corrupted"
    MISSING = "missing"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was left in place, how many records that concerns, and why."""

    stage: Stage
    reason: Reason
    documents: int
    detail: str


@dataclass(frozen=True, slots=True)
class StageReport:
    """What one stage did: records, their bytes, files, and the seconds that it took."""

    documents: int = 0
    size_bytes: int = 0
    files: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. `total` is what was there to do when the stage began."""

    stage: Stage
    documents: int = 0
    total: int = 0
    documents_per_s: float = 0.0
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class ArchivalReport:
    """What a run did, or, for a dry run, what it would do.

    Attributes:
        data_type: The kind of records.
        as_of: The moment from which ages were counted.
        dry_run: Whether nothing was written.
        to_archive: Moved from hot to archive.
        to_cold: Moved from archive to cold storage: proven, and removed from the archive.
        deleted: Deleted for their age, from the archive or from cold storage.
        refusals: What was left in place.
    """

    data_type: DataType
    as_of: datetime
    dry_run: bool
    to_archive: StageReport = field(default_factory=StageReport)
    to_cold: StageReport = field(default_factory=StageReport)
    deleted: StageReport = field(default_factory=StageReport)
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchivalRequest:
    """A run of one kind of records; its workflow's id is `workflow_id`.

    Attributes:
        data_type: The kind.
        as_of: The moment from which ages are counted; None for when the run starts.
        dry_run: Only report what would be done.
        resumed: What the run had done before it was continued as new; None at its start.
    """

    data_type: DataType
    as_of: datetime | None = None
    dry_run: bool = False
    resumed: ArchivalReport | None = None

    @property
    def workflow_id(self) -> str:
        """The same for all runs of a kind, so that no two overlap; dry runs have their own."""
        return archival_workflow_id(self.data_type, dry_run=self.dry_run)


def archival_workflow_id(data_type: DataType, *, dry_run: bool = False) -> str:
    """Name the run of a kind."""
    return f"archival-dry-run-{data_type}" if dry_run else f"archival-{data_type}"


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """Bring back the records made from `since` (included) to `until` (not included)."""

    data_type: DataType
    since: datetime
    until: datetime

    @property
    def workflow_id(self) -> str:
        """The same for the same range, so that asking again joins what is under way."""
        return f"restore-{self.data_type}-{_compact(self.since)}-{_compact(self.until)}"


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What came back.

    Attributes:
        data_type: The kind of records.
        since: From when on.
        until: Until when.
        collection: Where they are now.
        documents: How many; each proven to be what was archived.
        size_bytes: Their size.
        files: From how many files.
        available_until: When they are deleted again; the cold files stay.
        refusals: Files that could not be brought back.
    """

    data_type: DataType
    since: datetime
    until: datetime
    collection: str
    documents: int = 0
    size_bytes: int = 0
    files: int = 0
    available_until: datetime | None = None
    refusals: tuple[Refusal, ...] = ()


def _compact(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
