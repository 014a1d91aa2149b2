"""What the steps of archival and restore workflows are asked, and what they answer."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.archival.manifests import ManifestState
from domain.archival.messages import Refusal
from domain.archival.ports import Moved
from domain.archival.tiers import CutOffs, DataType


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's bounds, told by the worker's settings once, and what there is to do."""

    data_type: DataType
    as_of: datetime
    cut_offs: CutOffs
    heartbeat_s: float
    to_archive_count: int
    to_cold_count: int
    to_delete_count: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a leg through hot records has come: a lane, and a time in it."""

    lane: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """Move or delete records until this is enough for one step."""

    data_type: DataType
    before: datetime
    as_of: datetime
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class LegDone:
    """What a leg did; `cursor` is where the next one begins, None if there is no more."""

    moved: Moved
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class FileSearch:
    """Find the next file to work on, in other months than those that were tried."""

    data_type: DataType
    before: datetime
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileStep:
    """How far a file has come, and what the last step did to it."""

    manifest_id: str
    month: str
    state: ManifestState
    is_done: bool = False
    documents: int = 0
    size_bytes: int = 0
    moved: Moved = field(default_factory=Moved)


@dataclass(frozen=True, slots=True)
class FileTask:
    """One step of one file."""

    manifest_id: str
    before: datetime


@dataclass(frozen=True, slots=True)
class Expired:
    """Files that were deleted for their age, and those that were not."""

    files: int = 0
    documents: int = 0
    size_bytes: int = 0
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievalPlan:
    """The files of a restore, and how it goes about them."""

    manifest_ids: tuple[str, ...]
    documents: int
    heartbeat_s: float
    first_poll_s: float
    days: int


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Read a retrieved file, and bring back what was made in a range."""

    manifest_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Looked:
    """Which files can be read, which are on their way, and which will never come."""

    readable: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
