"""Holds leases on shards of symbols, and follows each shard as long as its lease lasts."""

import asyncio
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from adapters.binance_klines import BinanceKlines
from adapters.binance_market import BinanceMarket
from adapters.candle_pages import AnnouncedCandles
from adapters.ending_tasks import end_tasks
from adapters.mongo import Database
from adapters.mongo_schema import ensure_schema
from adapters.redis_leases import BEAT_EVERY_S, Beat, RedisLeases, lease_key
from adapters.redis_quotes import Lease
from adapters.stream_demand import StreamDemand
from domain.candles import Timeframe
from domain.errors import Retryable
from workers.streaming.candle_channel import Key
from workers.streaming.candle_store import CandleStore
from workers.streaming.metrics import SHARDS_HELD
from workers.streaming.shard import Ports, Shard
from workers.streaming.together import run_together

# Into so many parts the symbols are split, and so many workers can share them. More parts
# would be more connections, each of fewer symbols, and a silent one is harder to tell from a
# quiet one. Every worker of an installation must have the same number.
SHARDS = 4

_log = structlog.get_logger(__name__)


def shards_of(symbols: Collection[str]) -> dict[int, list[str]]:
    """Return the symbols of each shard that has any: always the same, in every process."""
    found: dict[int, list[str]] = {}
    for symbol in sorted(symbols):
        found.setdefault(zlib.crc32(symbol.encode()) % SHARDS, []).append(symbol)
    return found


@dataclass(slots=True)
class _Tenure:
    """A shard that this worker follows now."""

    token: str
    shard: Shard
    task: asyncio.Task[None]

    async def end(self) -> None:
        await end_tasks([self.task])


@dataclass(frozen=True, slots=True)
class Sources:
    """What the worker reads from and writes to."""

    market: BinanceMarket
    klines: BinanceKlines
    redis: Redis
    database: Database


class StreamingWorker:
    """One process's share of one venue's market data.

    Args:
        sources: Where messages come from and go.
        symbols: Asked in every beat: what to follow, by whichever worker.
        timeframes: The candles to follow of each symbol.
        on_ready: Called once: a price was written, or others follow everything.
    """

    def __init__(
        self,
        sources: Sources,
        symbols: Callable[[], Collection[str]],
        timeframes: Sequence[Timeframe],
        on_ready: Callable[[], None],
    ) -> None:
        self._symbols = symbols
        self._timeframes = timeframes
        self._on_ready: Callable[[], None] | None = on_ready
        self._leases = RedisLeases(sources.redis)
        self._demand = StreamDemand(sources.redis)
        self._demanded: frozenset[Key] = frozenset()
        self._store = CandleStore(
            AnnouncedCandles(sources.database, sources.redis),
            lambda: ensure_schema(sources.database),
            self._restart,
        )
        self._ports = Ports(sources.market, sources.klines, sources.redis, self._store, self._ready)
        self._tenures: dict[int, _Tenure] = {}
        self._reachable = True

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many messages were dropped, by kind."""
        return self._ports.dropped.counts

    async def run(self) -> None:
        """Work until cancelled; then leave, so that others take over at once."""
        try:
            await run_together(self._store.run(), self._hold())
        finally:
            await self._leave()

    async def _hold(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            next_s = clock() + BEAT_EVERY_S
            await self._drop_ended()
            try:
                await self._beat()
            except Retryable as fault:
                # What is held goes on: without its lease nothing is written.
                if self._reachable:
                    _log.warning("stream.leases_unreachable", detail=fault.detail)
                self._reachable = False
            else:
                self._reachable = True
            await asyncio.sleep(max(0.0, next_s - clock()))

    async def _beat(self) -> None:
        shards = shards_of(self._symbols())
        await self._give_back(
            [
                n
                for n, held in self._tenures.items()
                if held.shard.symbols != tuple(shards.get(n, ()))
            ]
        )
        tokens = {number: held.token for number, held in self._tenures.items()}
        beat = await self._leases.beat(shards, tokens)
        await self._follow(beat, shards)
        SHARDS_HELD.set(len(self._tenures))
        if not beat.held:
            self._ready()
        await self._give_back(sorted(self._tenures)[: beat.surplus])
        await self._tell_demand()

    async def _follow(self, beat: Beat, shards: Mapping[int, Sequence[str]]) -> None:
        for number in [n for n, held in self._tenures.items() if beat.held.get(n) != held.token]:
            _log.warning("stream.lease_lost", shard=number)
            await self._tenures.pop(number).end()
        for number, token in beat.held.items():
            if number not in self._tenures:
                lease = Lease(lease_key(number), token)
                shard = Shard(self._ports, shards[number], self._timeframes, lease)
                self._tenures[number] = _Tenure(token, shard, asyncio.create_task(shard.run()))
                _log.info("stream.lease_taken", shard=number, symbols=len(shards[number]))

    async def _give_back(self, numbers: Collection[int]) -> None:
        if numbers:
            ended = {number: self._tenures.pop(number) for number in numbers}
            for held in ended.values():
                await held.end()
            await self._leases.release({number: held.token for number, held in ended.items()})

    async def _drop_ended(self) -> None:
        """Forget shards that noticed themselves that their lease was lost."""
        for number in [n for n, held in self._tenures.items() if held.task.done()]:
            held = self._tenures.pop(number)
            held.task.result()

    async def _tell_demand(self) -> None:
        self._demanded = await self._demand.wanted()
        for held in self._tenures.values():
            await held.shard.demand(self._demanded)

    def _restart(self, key: Key) -> None:
        for held in self._tenures.values():
            if key[0] in held.shard.symbols:
                held.shard.restart(key)

    def _ready(self) -> None:
        if self._on_ready is not None:
            self._on_ready()
            self._on_ready = None

    async def _leave(self) -> None:
        held, self._tenures = self._tenures, {}
        for tenure in held.values():
            await tenure.end()
        try:
            tokens = {number: tenure.token for number, tenure in held.items()}
            await self._leases.release(tokens, leave=True)
        except Retryable:
            _log.info("stream.leases_left_to_expire")
