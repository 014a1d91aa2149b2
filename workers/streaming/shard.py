"""One shard of symbols while its lease is held: listens, writes what is due, fills gaps."""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from redis.asyncio import Redis

from adapters.binance_klines import BinanceKlines
from adapters.binance_market import BinanceMarket
from adapters.binance_streams import StreamSet
from adapters.redis_feed import sequence_of
from adapters.redis_quotes import Lease, LeaseLostError, RedisTickWriter, Update, latest_frames_of
from adapters.stream_demand import kline_channel
from domain.candles import Timeframe
from domain.errors import Retryable
from workers.streaming.back_fill import BackFill, RequestPace
from workers.streaming.candle_channel import Key, stream_of
from workers.streaming.candle_store import CandleStore
from workers.streaming.candles import LiveCandles
from workers.streaming.messages import InvalidMessageError, open_message
from workers.streaming.metrics import RECONNECTS, STALENESS, Dropped
from workers.streaming.prices import STREAMS, LivePrices, channel_of_symbol
from workers.streaming.together import run_together

# Binance allows 1,024 streams a connection; the rest is for candles that are asked for.
STREAMS_A_CONNECTION = 800
RECONNECT_MIN_S = 0.2
RECONNECT_MAX_S = 10.0
# A connection that served this long was a good one: its end is no reason to wait longer.
SERVED_S = 2.0
# Messages of one moment arrive within this; they share a write.
COALESCE_S = 0.001
IDLE_WAIT_S = 1.0
REDIS_RETRY_S = 0.2
# A closing message that is this late got lost; it is looked for this often.
CLOSING_LATE = timedelta(seconds=3)
LOOK_FOR_GAPS_EVERY_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    """What every shard of a process shares.

    `sequences` remembers where each channel's count stood: a Redis that came back empty does
    not make it begin again.
    """

    market: BinanceMarket
    klines: BinanceKlines
    redis: Redis
    store: CandleStore
    on_write: Callable[[], None]
    pace: RequestPace = field(default_factory=RequestPace)
    dropped: Dropped = field(default_factory=Dropped)
    sequences: dict[str, int] = field(default_factory=dict)


class Shard:
    """One tenure of one shard.

    Args:
        ports: The outside.
        symbols: What to follow.
        timeframes: The candles to follow of each.
        lease: What must be held for every write.
    """

    def __init__(
        self, ports: Ports, symbols: Sequence[str], timeframes: Sequence[Timeframe], lease: Lease
    ) -> None:
        self._ports = ports
        self.symbols = tuple(symbols)
        self._configured = [(symbol, frame) for frame in timeframes for symbol in symbols]
        self._writer = RedisTickWriter(ports.redis, lease)
        self._candles = LiveCandles()
        self._prices = LivePrices((), {})
        self._back_fill = BackFill(
            ports.klines, ports.store, self._candles, ports.pace, self._candles_taken
        )
        size = max(1, STREAMS_A_CONNECTION // (len(STREAMS) + len(timeframes)))
        self._parts = [
            (symbols[start : start + size], StreamSet(())) for start in range(0, len(symbols), size)
        ]
        self._sooner = asyncio.Event()
        self._begun = False
        # What each channel was told before the write that is under way.
        self._told_before: dict[str, int] = {}

    async def run(self) -> None:
        """Work until cancelled or until the lease is lost."""
        try:
            await self._begin()
            await run_together(
                *(self._follow(symbols, streams) for symbols, streams in self._parts),
                self._write_what_is_due(),
                self._back_fill.run(),
                self._look_for_gaps(),
            )
        except LeaseLostError:
            _log.warning("stream.lease_lost", symbols=len(self.symbols))
        finally:
            self._end()

    async def demand(self, keys: Collection[Key]) -> None:
        """Follow these series, too, and none that was asked for before and is not any more.

        Raises:
            Retryable: Redis could not be reached; ask again.
        """
        if not self._begun:
            return
        wanted = {key for key in keys if key[0] in self.symbols} | set(self._configured)
        known = set(self._candles.keys)
        for key in known - wanted:
            self._candles.close(key)
            self._streams_of(key).discard(stream_of(key))
        await self._open(sorted(wanted - known))

    def restart(self, key: Key) -> None:
        """Begin a series anew from what is stored."""
        self._candles.restart(key)
        if self._candles.is_primed(key) is False:
            self._back_fill.want(key)

    async def _begin(self) -> None:
        """Learn where each channel's count stands, waiting while Redis is away."""
        clock = asyncio.get_running_loop().time
        channels = [channel_of_symbol(symbol) for symbol in self.symbols]
        while True:
            try:
                frames = await latest_frames_of(self._ports.redis, channels)
                sequences = {name: self._sequence(name, frames.get(name)) for name in channels}
                self._prices = LivePrices(self.symbols, sequences, clock())
                await self._open(self._configured)
            except Retryable as fault:
                _log.warning("stream.sequences_unread", detail=fault.detail)
                await asyncio.sleep(REDIS_RETRY_S)
            else:
                break
        for symbol in self.symbols:
            STALENESS.labels(symbol).set_function(partial(self._staleness_s, symbol, clock))
        for symbols, streams in self._parts:
            for name in LivePrices(symbols, {}).streams:
                streams.add(name)
        self._begun = True

    def _staleness_s(self, symbol: str, clock: Callable[[], float]) -> float:
        return clock() - self._prices.heard_s(symbol)

    def _end(self) -> None:
        for symbol in self.symbols:
            STALENESS.labels(symbol)
            STALENESS.remove(symbol)
        told = self._prices.sequences | self._candles.sequences | self._told_before
        self._ports.sequences.update(told)

    def _sequence(self, channel: str, frame: bytes | None) -> int:
        remembered = self._ports.sequences.get(channel, 0)
        return max(remembered, sequence_of(frame) if frame is not None else 0)

    async def _open(self, keys: Sequence[Key]) -> None:
        channels = [kline_channel(*key) for key in keys]
        frames = await latest_frames_of(self._ports.redis, channels)
        for key, channel in zip(keys, channels, strict=True):
            remembered = self._ports.sequences.get(channel, 0)
            self._candles.open(key, frames.get(channel), remembered)
            self._streams_of(key).add(stream_of(key))
            self._back_fill.want(key)

    def _streams_of(self, key: Key) -> StreamSet:
        return next(streams for symbols, streams in self._parts if key[0] in symbols)

    async def _follow(self, symbols: Sequence[str], streams: StreamSet) -> None:
        clock = asyncio.get_running_loop().time
        wait_s = RECONNECT_MIN_S
        while True:
            began_s = clock()
            self._prices.forget(symbols)
            seeding = asyncio.create_task(self._seed())
            try:
                await self._ports.market.listen(streams, self._take)
                RECONNECTS.labels("yes").inc()
            except Retryable as fault:
                RECONNECTS.labels("no").inc()
                _log.warning("stream.broke", detail=fault.detail, symbols=len(symbols))
            finally:
                seeding.cancel()
            served = clock() - began_s > SERVED_S
            wait_s = RECONNECT_MIN_S if served else min(wait_s * 2, RECONNECT_MAX_S)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _seed(self) -> None:
        """Ask for what the stream tells only with the next change."""
        try:
            summaries = await self._ports.market.day_summaries()
        except Retryable as fault:
            _log.warning("stream.not_seeded", detail=fault.detail)
            return
        for summary in summaries:
            try:
                self._prices.seed(summary, datetime.now(UTC))
            except InvalidMessageError as fault:
                self._ports.dropped.note(fault.kind, str(summary))
        self._sooner.set()

    def _take(self, message: bytes) -> None:
        now_s, at = asyncio.get_running_loop().time(), datetime.now(UTC)
        try:
            opened = open_message(message)
            if opened is None:
                return
            stream, told = opened
            if "@kline_" in stream:
                self._candles_taken(self._candles.take_opened(stream, told, now_s, at))
            elif self._prices.take_opened(stream, told, now_s, at):
                self._sooner.set()
        except InvalidMessageError as fault:
            self._ports.dropped.note(fault.kind, message)

    def _candles_taken(self, sooner: bool) -> None:  # noqa: FBT001 - a callback's answer
        for key in self._candles.take_gapped():
            self._back_fill.want(key)
        if sooner:
            self._sooner.set()
        self._ports.store.put(self._candles.take_closed())

    async def _look_for_gaps(self) -> None:
        """Notice candles that must be over by now though nobody said so."""
        while True:
            await asyncio.sleep(LOOK_FOR_GAPS_EVERY_S)
            late = datetime.now(UTC) - CLOSING_LATE
            for key in self._candles.keys:
                if self._candles.gap(key, late) is not None:
                    self._back_fill.want(key)

    async def _write_what_is_due(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            now_s = clock()
            due_s = min(self._prices.next_due_s(now_s), self._candles.next_due_s())
            wait_s = min(max(due_s - now_s, 0), IDLE_WAIT_S)
            try:
                async with asyncio.timeout(wait_s):
                    await self._sooner.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(COALESCE_S)
            self._sooner.clear()
            updates: list[Update] = [*self._prices.due(clock())]
            updates += self._candles.due(clock(), datetime.now(UTC))
            if updates:
                await self._write(updates)

    async def _write(self, updates: Sequence[Update]) -> None:
        # A write that is not heard of may have been made or not: Redis knows, if it knows
        # anything still, and otherwise it counts as not made.
        self._told_before = {
            each.channel: sequence_of(each.frame) - 1
            for each in reversed(updates)
            if each.frame is not None
        }
        try:
            await self._writer.write(updates)
        except Retryable as fault:
            _log.warning("stream.unwritten", detail=fault.detail)
            await self._resume()
        else:
            self._candles.confirm()
            self._ports.store.put(self._candles.take_closed())
            self._ports.on_write()
        self._told_before = {}

    async def _resume(self) -> None:
        """Learn what of the last write was made, as soon as Redis answers."""
        channels = [*self._prices.sequences, *self._candles.channels]
        while True:
            await asyncio.sleep(REDIS_RETRY_S)
            try:
                frames = await latest_frames_of(self._ports.redis, channels)
            except Retryable:
                continue
            break
        found = {name: sequence_of(frame) for name, frame in frames.items()}
        sequences = self._told_before | found
        self._prices.resume(sequences)
        self._candles.resume(sequences, asyncio.get_running_loop().time())
        self._ports.store.put(self._candles.take_closed())
        _log.info("stream.written_again")
