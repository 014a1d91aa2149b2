"""Live candles of one feed as a state machine without I/O.

Messages and answers of the venue in; out come what is due to be broadcast, what is to be
stored, and which series want a back-fill. Moments are monotonic seconds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.binance_klines import InvalidCandleError, candle_of_stream
from adapters.mongo_candles import StoredCandle
from adapters.redis_quotes import CandleUpdate
from adapters.stream_demand import kline_channel
from domain.candle_series import CandleSeries, EvaluatedCandle, Gap, Step
from domain.candle_view import CandleSource, Enrichment
from domain.candles import Candle
from workers.streaming.candle_channel import (
    EPOCH,
    CandleChannel,
    ClosedCandle,
    Key,
    WaitingCandle,
    stream_of,
)
from workers.streaming.candle_frames import candle_update, last_told
from workers.streaming.due_times import NEVER, DueTimes
from workers.streaming.messages import InvalidMessageError

# After a gap so many closed candles are broadcast one by one; who slept longer reads them.
MOST_ANNOUNCED = 100


class LiveCandles:
    """The candles of every series of one feed."""

    def __init__(self) -> None:
        self._channels: dict[Key, CandleChannel] = {}
        self._by_stream: dict[str, CandleChannel] = {}
        self._by_name: dict[str, CandleChannel] = {}
        self._due = DueTimes()
        self._in_flight: list[CandleChannel] = []
        self._closed: list[ClosedCandle] = []
        self._gapped: set[Key] = set()

    @property
    def keys(self) -> list[Key]:
        """Every series."""
        return list(self._channels)

    @property
    def channels(self) -> list[str]:
        """Every channel."""
        return list(self._by_name)

    @property
    def sequences(self) -> dict[str, int]:
        """Where each channel's count stands."""
        return {channel.name: channel.sequence for channel in self._channels.values()}

    def open(self, key: Key, latest_frame: bytes | None, sequence: int = 0) -> None:
        """Follow a series from now on; `prime` is awaited before anything is told of it.

        Args:
            key: Which one.
            latest_frame: What its channel was told last, by whoever.
            sequence: Where its count stands at least.
        """
        known, told_until = last_told(latest_frame, key[1])
        name = kline_channel(*key)
        channel = CandleChannel(key, name, CandleSeries(*key), max(known, sequence), told_until)
        self._channels[key] = self._by_stream[stream_of(key)] = self._by_name[name] = channel

    def close(self, key: Key) -> None:
        """Follow a series no longer; what of it is under way is finished."""
        channel = self._channels.pop(key)
        del self._by_stream[stream_of(key)], self._by_name[channel.name]
        self._due.set(channel.name, NEVER)
        self._gapped.discard(key)

    def restart(self, key: Key) -> None:
        """Begin a series anew: what was told of it could not be stored."""
        channel = self._channels.get(key)
        if channel is not None:
            channel.series, channel.primed = CandleSeries(*key), False
            channel.open_changed = False

    def is_primed(self, key: Key) -> bool | None:
        """Whether its history is known; None where it is not followed."""
        channel = self._channels.get(key)
        return None if channel is None else channel.primed

    def gap(self, key: Key, moment: datetime | None = None) -> Gap | None:
        """Return what is missing, also what must be over at a moment if one is given."""
        channel = self._channels.get(key)
        if channel is None or not channel.primed:
            return None
        series = channel.series
        return series.gap or (series.gap_at(moment) if moment is not None else None)

    def take_gapped(self) -> set[Key]:
        """Return the series in which a gap showed since the last call."""
        found, self._gapped = self._gapped, set()
        return found

    def take_closed(self) -> list[ClosedCandle]:
        """Return what is to be stored since the last call, each series in order."""
        found, self._closed = self._closed, []
        return found

    def take_opened(self, stream: str, told: Mapping[str, Any], now_s: float, at: datetime) -> bool:
        """Take a kline message; tell whether a write became due sooner.

        Raises:
            InvalidMessageError: It is dropped, and what is known stays.
        """
        channel = self._by_stream.get(stream)
        if channel is None:
            raise InvalidMessageError("unknown stream")
        try:
            candle, event_ms = candle_of_stream(told)
        except InvalidCandleError as error:
            raise InvalidMessageError(error.kind) from error
        if (candle.symbol, candle.timeframe) != channel.key:
            raise InvalidMessageError("unknown stream")
        following = channel.series.next_to_close
        if following is not None and candle.open_time < following and not candle.closed:
            raise InvalidMessageError("stale candle")
        step = channel.series.take_stream(candle, event_ms)
        return self._act(channel, step, CandleSource.STREAM, now_s, at)

    def prime(self, key: Key, history: Sequence[Candle], now_s: float, at: datetime) -> bool:
        """Take stored candles as what was told before; as `CandleSeries.prime`."""
        channel = self._channels.get(key)
        if channel is None or channel.primed:
            return False
        sooner = self._act(channel, channel.series.prime(history), CandleSource.REST, now_s, at)
        channel.primed = True
        if channel.told_until is None:
            channel.told_until = history[-1].open_time if history else EPOCH
        return sooner

    def take_venue(
        self, key: Key, candles: Sequence[Candle], asked_from: datetime, now_s: float, at: datetime
    ) -> bool:
        """Take an answer of the venue, as `CandleSeries.take_venue`; before `prime`, too."""
        channel = self._channels.get(key)
        if channel is None:
            return False
        step = channel.series.take_venue(candles, asked_from)
        return self._act(channel, step, CandleSource.REST, now_s, at)

    def next_due_s(self) -> float:
        """Return the next moment at which something is due."""
        return self._due.next_s()

    def due(self, now_s: float, at: datetime) -> list[CandleUpdate]:
        """Return what is to be written now; `confirm` or `resume` must follow."""
        updates: list[CandleUpdate] = []
        for name in list(self._due.take(now_s)):
            updates += self._updates(self._by_name[name], now_s, at)
        return updates

    def confirm(self) -> None:
        """Take what was due as written."""
        for channel in self._in_flight:
            self._written(channel)
        self._in_flight = []

    def resume(self, sequences: Mapping[str, int], now_s: float) -> None:
        """Go on after a write of which nobody knows whether it was made.

        Args:
            sequences: The last sequence of each channel that was.
            now_s: The moment.
        """
        for channel in self._in_flight:
            if sequences.get(channel.name, channel.sent_from) > channel.sent_from:
                self._written(channel)
            else:
                channel.sequence, channel.sent = channel.sent_from, []
                channel.open_changed = True
                channel.written_s = float("-inf")
                self._due.set(channel.name, now_s)
        self._in_flight = []

    def _written(self, channel: CandleChannel) -> None:
        self._closed += channel.sent
        del channel.waiting[: len(channel.sent)]
        channel.sent = []

    def _act(
        self, channel: CandleChannel, step: Step, source: CandleSource, now_s: float, at: datetime
    ) -> bool:
        for corrected, found in ((True, step.corrected), (False, step.closed)):
            for each in self._announced(channel, found, source, at, corrected=corrected):
                channel.waiting.append(WaitingCandle(each, source, at, corrected))
        if step.gap is not None:
            self._gapped.add(channel.key)
        if step.changed:
            channel.open_changed = True
            channel.received_at, channel.open_source = at, source
        before_s, due_s = self._due.get(channel.name), channel.due_s(now_s)
        if due_s >= before_s or self._by_name.get(channel.name) is not channel:
            return False
        self._due.set(channel.name, due_s)
        return True

    def _announced(
        self,
        channel: CandleChannel,
        found: Sequence[EvaluatedCandle],
        source: CandleSource,
        at: datetime,
        *,
        corrected: bool,
    ) -> Sequence[EvaluatedCandle]:
        """Return what of these is to be broadcast; the others are only stored."""
        until = channel.told_until
        silent = len(found)
        if until is not None:
            old = 0 if corrected else sum(each.candle.open_time <= until for each in found)
            silent = max(old, len(found) - MOST_ANNOUNCED)
        enrichment = Enrichment(source, at, at, None)
        self._closed += [
            ClosedCandle(StoredCandle(*each, enrichment), corrected) for each in found[:silent]
        ]
        if found and not corrected:
            channel.told_until = max(until or EPOCH, found[-1].candle.open_time)
        return found[silent:]

    def _updates(self, channel: CandleChannel, now_s: float, at: datetime) -> list[CandleUpdate]:
        channel.sent_from = channel.sequence
        updates: list[CandleUpdate] = []
        for each in channel.waiting:
            channel.sequence += 1
            enrichment = Enrichment(each.source, each.received_at, at, channel.sequence)
            stored = StoredCandle(*each.evaluated, enrichment)
            channel.sent.append(ClosedCandle(stored, each.corrected))
            updates.append(candle_update(channel.name, stored))
        evaluated = channel.series.evaluated_open() if channel.open_changed else None
        channel.open_changed = False
        if evaluated is not None:
            channel.sequence += 1
            enrichment = Enrichment(channel.open_source, channel.received_at, at, channel.sequence)
            updates.append(candle_update(channel.name, StoredCandle(*evaluated, enrichment)))
        channel.written_s = now_s
        self._in_flight.append(channel)
        return updates
