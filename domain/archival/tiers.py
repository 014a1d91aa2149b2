"""The kinds of records, the tiers that they pass through, and when they go on.

A record is in the hot collection, then in its archive collection, then in a file in cold
storage. It is copied before it is removed, so that for a moment it is in two tiers: the hotter
one counts. Whoever looks for a record looks in the order in which records move, hot, archive,
cold, and never beside each other: then a record that moves meanwhile is met at least once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.order_status import TERMINAL

DAYS_A_YEAR: Final = 365
# Seven years with their leap days: a record is never deleted a day early.
SEVEN_YEARS_DAYS: Final = 7 * DAYS_A_YEAR + 2


class DataType(StrEnum):
    """A kind of records; the value is the name of its hot collection."""

    TRADES = "trades"
    CANDLES = "candles"
    AI_ANALYSIS = "ai_analysis"
    USER_ACTIVITY = "user_activity"
    SYSTEM_LOGS = "system_logs"

    @property
    def archive(self) -> str:
        """The collection of what has left the hot one."""
        return f"archive_{self}"

    @property
    def restored(self) -> str:
        """The collection of what was brought back from cold storage, for a while."""
        return f"restored_{self}"

    @property
    def time_field(self) -> str:
        """The field from which a record's age counts."""
        return _TIME_FIELDS[self]


_TIME_FIELDS: Final = {
    DataType.TRADES: "created_at",
    DataType.CANDLES: "open_time",
    DataType.AI_ANALYSIS: "created_at",
    DataType.USER_ACTIVITY: "timestamp",
    DataType.SYSTEM_LOGS: "timestamp",
}

# A trade that may still change stays where its workflow writes it.
SETTLED_STATUSES: Final = tuple(sorted(str(status) for status in TERMINAL))

# DATA_FLOW.md leaves it open what is left of a series of candles after seven days, which for
# candles of a day is seven. So many of the newest stay hot, whatever their age: as many as
# indicators and back-fill read (ADR 12).
HOT_CANDLES_A_SERIES: Final = 1_000


class Tier(StrEnum):
    """Where a record is."""

    HOT = "hot"
    ARCHIVE = "archive"
    COLD = "cold"


@dataclass(frozen=True, slots=True)
class Ages:
    """The ages at which records go on, in days since they were made.

    Attributes:
        hot_days: After this a record goes to the archive collection.
        archive_days: After this it goes to cold storage, or is deleted where there is none.
        cold_days: After this its file is deleted; None where nothing goes to cold storage.

    Raises:
        ValueError: They are not in order, or not positive.
    """

    hot_days: int
    archive_days: int
    cold_days: int | None = None

    def __post_init__(self) -> None:
        """Check the order."""
        days = [self.hot_days, self.archive_days]
        days += [] if self.cold_days is None else [self.cold_days]
        if days[0] < 1 or days != sorted(set(days)):
            raise ValueError(f"ages must be positive and grow from tier to tier: {days}")


# DATA_FLOW.md, "Data Retention Policy".
DOCUMENT_AGES: Final[Mapping[DataType, Ages]] = {
    DataType.TRADES: Ages(30, 180, SEVEN_YEARS_DAYS),
    DataType.CANDLES: Ages(7, 30, DAYS_A_YEAR),
    DataType.AI_ANALYSIS: Ages(30, 90),
    DataType.USER_ACTIVITY: Ages(90, DAYS_A_YEAR, SEVEN_YEARS_DAYS),
    DataType.SYSTEM_LOGS: Ages(7, 30),
}


@dataclass(frozen=True, slots=True)
class CutOffs:
    """What is older than these moments goes on; None where nothing does."""

    to_archive: datetime
    to_cold: datetime | None
    delete_archived: datetime | None
    delete_cold: datetime | None


def cut_offs(ages: Ages, as_of: datetime) -> CutOffs:
    """Return the cut-offs as of a moment."""
    archived = as_of - timedelta(days=ages.archive_days)
    has_cold = ages.cold_days is not None
    return CutOffs(
        to_archive=as_of - timedelta(days=ages.hot_days),
        to_cold=archived if has_cold else None,
        delete_archived=None if has_cold else archived,
        delete_cold=as_of - timedelta(days=ages.cold_days) if ages.cold_days is not None else None,
    )


def tier_of(created_at: datetime, ages: Ages, as_of: datetime) -> Tier | None:
    """Return where a record of that age belongs; None where it is to be deleted."""
    cuts = cut_offs(ages, as_of)
    if created_at >= cuts.to_archive:
        return Tier.HOT
    if cuts.delete_archived is not None:
        return Tier.ARCHIVE if created_at >= cuts.delete_archived else None
    if cuts.to_cold is None or created_at >= cuts.to_cold:
        return Tier.ARCHIVE
    if cuts.delete_cold is None or created_at >= cuts.delete_cold:
        return Tier.COLD
    return None


def month_of(moment: datetime) -> str:
    """Return the month (UTC) of a moment, such as "2026-01"."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def month_span(month: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month and the first after it."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return first, (first + timedelta(days=31)).replace(day=1)
