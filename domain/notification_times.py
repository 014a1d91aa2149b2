"""When a notification may be delivered: quiet hours and digests, by the user's own clock.

Clocks are moved twice a year. A time that a day has twice is both of its moments; a time that
a day does not have is the moment at which the clock jumps over it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MINUTES_A_DAY: Final = 1_440
LEAST_DIGEST_MINUTES: Final = 5
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the day to another, across midnight where the second is earlier.

    Raises:
        ValueError: The two are equal, which could mean never or always.
    """

    starts: time
    ends: time
    timezone: ZoneInfo

    def __post_init__(self) -> None:
        """Refuse what can be read in two ways."""
        if self.starts == self.ends:
            raise ValueError("quiet hours end when they begin")


@dataclass(frozen=True, slots=True)
class EveryMinutes:
    """A digest at every multiple of so many minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class DailyAt:
    """A digest once a day."""

    at: time
    timezone: ZoneInfo


Digest = EveryMinutes | DailyAt


def is_quiet(quiet: QuietHours, now: datetime) -> bool:
    """Whether the user's clock stands within the quiet hours; their end is not quiet."""
    clock = now.astimezone(quiet.timezone).time()
    if quiet.starts < quiet.ends:
        return quiet.starts <= clock < quiet.ends
    return clock >= quiet.starts or clock < quiet.ends


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """Return when the quiet hours around `now` end, or None where it is not quiet."""
    if not is_quiet(quiet, now):
        return None
    return _next_moment(quiet.ends, quiet.timezone, now, every=True)


def next_digest(digest: Digest, now: datetime) -> datetime:
    """Return when the next digest is due; always later than `now`."""
    if isinstance(digest, DailyAt):
        return _next_moment(digest.at, digest.timezone, now, every=False)
    length = timedelta(minutes=digest.minutes)
    return _EPOCH + ((now - _EPOCH) // length + 1) * length


def release_at(quiet: QuietHours | None, digest: Digest | None, now: datetime) -> datetime | None:
    """Return until when a notification is held back, or None where it may go at once."""
    due = None if digest is None else next_digest(digest, now)
    ends = None if quiet is None else quiet_until(quiet, due or now)
    return ends or due


def _next_moment(clock: time, timezone: ZoneInfo, now: datetime, *, every: bool) -> datetime:
    today = now.astimezone(timezone).date()
    for ahead in range(3):
        found = _moments(today + ahead * _DAY, clock, timezone)
        for moment in found if every else found[:1]:
            if moment > now:
                return moment
    raise AssertionError("no clock stands still for two days")


def _moments(day: date, clock: time, timezone: ZoneInfo) -> list[datetime]:
    """Return when a clock shows a time on a day: once, twice, or where it jumps over it."""
    early, late = sorted(
        datetime.combine(day, clock.replace(fold=fold), timezone).astimezone(UTC) for fold in (0, 1)
    )
    if early == late:
        return [early]
    if early.astimezone(timezone).replace(tzinfo=None) == datetime.combine(day, clock):
        return [early, late]
    return [_jump_between(early, late, timezone)]


def _jump_between(before: datetime, after: datetime, timezone: ZoneInfo) -> datetime:
    offset = before.astimezone(timezone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if middle.astimezone(timezone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
