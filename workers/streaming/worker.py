"""Listens to the venue, writes what is due, and comes back after every gap."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from adapters.binance_market import BinanceMarket
from adapters.redis_quotes import RedisTickWriter, Tick
from domain.errors import Retryable
from workers.streaming.prices import InvalidMessageError, LivePrices

# Binance allows 1,024 streams a connection; two a symbol, and a gap hits one part only.
SYMBOLS_A_CONNECTION = 200
STREAMS = ("bookTicker", "ticker")
RECONNECT_MIN_S = 0.2
RECONNECT_MAX_S = 10.0
# Messages of one moment arrive within this; they share a write.
COALESCE_S = 0.002
IDLE_WAIT_S = 1.0

_log = structlog.get_logger(__name__)


class StreamingWorker:
    """One venue's prices, kept live in Redis.

    Args:
        market: Where messages come from.
        writer: Where prices go.
        symbols: What to follow.
        prices: What is known of them.
        on_first_write: Called once, after the first price was written.
    """

    def __init__(
        self,
        market: BinanceMarket,
        writer: RedisTickWriter,
        symbols: Sequence[str],
        prices: LivePrices,
        on_first_write: Callable[[], None],
    ) -> None:
        self._market = market
        self._writer = writer
        self._symbols = symbols
        self._prices = prices
        self._on_first_write: Callable[[], None] | None = on_first_write
        self._sooner = asyncio.Event()
        self._writable = True
        self.dropped: Counter[str] = Counter()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for start in range(0, len(self._symbols), SYMBOLS_A_CONNECTION):
                tasks.create_task(self._follow(self._symbols[start : start + SYMBOLS_A_CONNECTION]))
            tasks.create_task(self._write_what_is_due())

    async def _follow(self, symbols: Sequence[str]) -> None:
        streams = [f"{symbol.lower()}@{kind}" for symbol in symbols for kind in STREAMS]
        clock = asyncio.get_running_loop().time
        wait_s = RECONNECT_MIN_S
        while True:
            began_s = clock()
            self._prices.forget(symbols)
            seeding = asyncio.create_task(self._seed())
            try:
                await self._market.listen(streams, self._take)
            except Retryable as fault:
                _log.warning("stream.broke", detail=fault.detail, symbols=len(symbols))
            finally:
                seeding.cancel()
            lasted = clock() - began_s > RECONNECT_MAX_S
            wait_s = RECONNECT_MIN_S if lasted else min(wait_s * 2, RECONNECT_MAX_S)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _seed(self) -> None:
        """Ask for what the stream tells only with the next change."""
        try:
            summaries = await self._market.day_summaries()
        except Retryable as fault:
            _log.warning("stream.not_seeded", detail=fault.detail)
            return
        for summary in summaries:
            try:
                self._prices.seed(summary, datetime.now(UTC))
            except InvalidMessageError as fault:
                self._drop(fault.kind, str(summary))
        self._sooner.set()

    def _take(self, message: str | bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        try:
            sooner = self._prices.take(message, now_s, datetime.now(UTC))
        except InvalidMessageError as fault:
            self._drop(fault.kind, message)
        else:
            if sooner:
                self._sooner.set()

    def _drop(self, kind: str, message: str | bytes) -> None:
        self.dropped[kind] += 1
        if self.dropped[kind] == 1:
            _log.warning("stream.message_dropped", kind=kind, sample=str(message[:200]))

    async def _write_what_is_due(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            now_s = clock()
            wait_s = min(max(self._prices.next_due_s(now_s) - now_s, 0), IDLE_WAIT_S)
            try:
                async with asyncio.timeout(wait_s):
                    await self._sooner.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(COALESCE_S)
            self._sooner.clear()
            ticks = self._prices.due(clock())
            if ticks:
                await self._write(ticks)

    async def _write(self, ticks: Sequence[Tick]) -> None:
        try:
            await self._writer.write(ticks)
        except Retryable as fault:
            if self._writable:
                _log.warning("stream.prices_unwritten", detail=fault.detail)
            self._writable = False
            await asyncio.sleep(RECONNECT_MIN_S)
            return
        if not self._writable:
            _log.info("stream.prices_written_again")
        self._writable = True
        if self._on_first_write is not None:
            self._on_first_write()
            self._on_first_write = None
