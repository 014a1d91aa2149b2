"""One series of candles and what its channel was told of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from adapters.mongo_candles import StoredCandle
from domain.candle_series import CandleSeries, EvaluatedCandle
from domain.candle_view import CandleSource
from domain.candles import Timeframe
from workers.streaming.due_times import NEVER

# At most this often a candle in progress is evaluated and broadcast; closed ones go at once.
OPEN_EVERY_S = 0.2
# A symbol and a timeframe: one series.
Key = tuple[str, Timeframe]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stream_of(key: Key) -> str:
    """Name the venue's stream of a series."""
    symbol, timeframe = key
    return f"{symbol.lower()}@kline_{timeframe.value}"


class ClosedCandle(NamedTuple):
    """A candle to be stored; `corrected` takes the place of what is stored."""

    stored: StoredCandle
    corrected: bool

    @property
    def key(self) -> Key:
        """Its series."""
        return self.stored.candle.symbol, self.stored.candle.timeframe


class WaitingCandle(NamedTuple):
    """A closed candle that is to be broadcast."""

    evaluated: EvaluatedCandle
    source: CandleSource
    received_at: datetime
    corrected: bool


@dataclass(slots=True)
class CandleChannel:
    """One series and what its channel was told.

    `told_until` is the open time of the last closed candle that was broadcast; None where
    nothing ever was. `sent` is what the write that is under way contains.
    """

    key: Key
    name: str
    series: CandleSeries
    sequence: int
    told_until: datetime | None
    primed: bool = False
    waiting: list[WaitingCandle] = field(default_factory=list)
    sent: list[ClosedCandle] = field(default_factory=list)
    sent_from: int = 0
    open_changed: bool = False
    open_source: CandleSource = CandleSource.STREAM
    received_at: datetime = EPOCH
    written_s: float = float("-inf")

    def due_s(self, now_s: float) -> float:
        """Return the moment from which it is to be written."""
        if self.waiting:
            return now_s
        return max(now_s, self.written_s + OPEN_EVERY_S) if self.open_changed else NEVER
