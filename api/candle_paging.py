"""Which candles a request means: pure arithmetic, since spans tile time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.candles import Timeframe, next_open_time, open_time_before, open_time_of
from domain.paging import PagePosition

# What a cursor says beside the open time that its page begins with (newer) or ends with (older).
NEWER: Final = "newer"
OLDER: Final = "older"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CandleQuery:
    """What a client asks for: open times from `start` to `end`, both included."""

    limit: int
    cursor: PagePosition | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_newest(self) -> bool:
        """Whether simply the latest candles are meant."""
        return self.cursor is None and self.start is None and self.end is None


@dataclass(frozen=True, slots=True)
class CandlePage:
    """The open times of a page's first and last candle, and where the list goes on."""

    first: datetime
    last: datetime
    following: PagePosition | None

    def position_after(self, *, found: bool) -> PagePosition | None:
        """Return where the next page is, None where there is none.

        Args:
            found: Whether this page has any candle; before the first one ever there are
                none, and looking further back leads nowhere.
        """
        if self.following is not None and self.following.identifier == OLDER and not found:
            return None
        return self.following


def page_of(timeframe: Timeframe, query: CandleQuery, now: datetime) -> CandlePage | None:
    """Return the page that is meant, None where no candle can be in it."""
    # Compared before anything is added: at the ends of the calendar arithmetic overflows.
    start = max(query.start or _EPOCH, _EPOCH)
    until = now if query.end is None else min(query.end, now)
    if until < start:
        return None
    lowest = _first_from(timeframe, start)
    if until < lowest:
        return None
    highest = open_time_of(timeframe, until.astimezone(UTC))
    cursor = query.cursor
    newer = query.start is not None if cursor is None else cursor.identifier == NEWER
    if newer:
        first = lowest if cursor is None else max(lowest, min(cursor.moment, now))
        return _newer_page(timeframe, _first_from(timeframe, first), highest, query.limit)
    last = highest if cursor is None else min(highest, max(cursor.moment, lowest))
    return _older_page(timeframe, open_time_of(timeframe, last), lowest, query.limit)


def _newer_page(
    timeframe: Timeframe, first: datetime, highest: datetime, limit: int
) -> CandlePage | None:
    if first > highest:
        return None
    last = min(highest, open_time_before(timeframe, first, 1 - limit))
    following = PagePosition(next_open_time(timeframe, last), NEWER) if last < highest else None
    return CandlePage(first, last, following)


def _older_page(timeframe: Timeframe, last: datetime, lowest: datetime, limit: int) -> CandlePage:
    first = max(lowest, open_time_before(timeframe, last, limit - 1))
    following = PagePosition(open_time_before(timeframe, first), OLDER) if first > lowest else None
    return CandlePage(first, last, following)


def _first_from(timeframe: Timeframe, moment: datetime) -> datetime:
    """Return the first open time that is not before a moment."""
    open_time = open_time_of(timeframe, moment.astimezone(UTC))
    return open_time if open_time == moment else next_open_time(timeframe, open_time)
