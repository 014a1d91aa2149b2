"""Follows the symbols that somebody paper-trades: their books to Redis, their trades to watches."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.binance_market import BinanceMarket
from adapters.binance_streams import StreamSet
from adapters.binance_trades import BinanceTrades
from adapters.ending_tasks import end_tasks
from adapters.redis_books import BOOK_DEMAND_KEY, RedisBooks
from adapters.redis_resting import RESTING_CHANNEL, RedisRestingOrders
from domain.errors import Retryable
from domain.paper.book import BookSnapshot
from domain.paper.execution import BOOK_AGE_LIMIT_MS
from domain.paper.observations import Observation
from domain.paper.views import session_workflow_id
from workers.clock import utc_now_in_ms
from workers.paper_market.messages import book_of, streams_of, trade_of
from workers.paper_market.watching import SymbolWatch
from workers.streaming.messages import InvalidMessageError, open_message
from workflows.paper_session import PaperSession

# A changed book is written at once, with what else changes within this. The others are as old as
# the connection's last word: one that is alive tells every change, in order.
GATHER_S = 0.005
RENEW_EVERY_S = 0.3
ALIVE_FOR = timedelta(milliseconds=BOOK_AGE_LIMIT_MS)
# Binance carries 1,024 streams on a connection, and a symbol takes two. Whoever wants more
# symbols gets no books of the last of them, but takes nobody else's away.
MAX_SYMBOLS = 500
# How often demand and resting orders are looked at, besides when they are announced.
LOOK_EVERY_S = 1.0
RECONNECT_MIN_S = 0.2
RECONNECT_MAX_S = 5.0
SERVED_S = 2.0
TELL_RETRY_S = 0.2

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the paper market reads from and writes to."""

    market: BinanceMarket
    trades: BinanceTrades
    redis: Redis
    temporal: Client


class PaperMarket:
    """Two of them at once do no harm: books are the same, and sessions hear a thing once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._books = RedisBooks(sources.redis)
        self._resting = RedisRestingOrders(sources.redis)
        self._streams = StreamSet(())
        self._by_stream: dict[str, tuple[str, bool]] = {}
        self._watches: dict[str, tuple[SymbolWatch, asyncio.Task[None]]] = {}
        self._latest: dict[str, BookSnapshot] = {}
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._heard_at = utc_now_in_ms()
        self._wants = asyncio.Event()
        self._has_gap = False

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look())
                tasks.create_task(self._listen_to_sessions())
                tasks.create_task(self._follow())
                tasks.create_task(self._write_books())
        finally:
            await end_tasks([task for _, task in self._watches.values()])

    async def _look(self) -> None:
        while True:
            with suppress(Retryable):
                await self._look_once()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wants.wait()
            self._wants.clear()

    async def _look_once(self) -> None:
        wanted, resting = await asyncio.gather(self._books.wanted(), self._resting.symbols())
        new = [each for each in (*resting, *wanted - resting) if each not in self._watches]
        for symbol in new[: MAX_SYMBOLS - len(self._watches)]:
            watch = SymbolWatch(symbol, self._resting, self._sources.trades, self._tell)
            self._watches[symbol] = watch, asyncio.create_task(watch.run())
            for name, is_book in zip(streams_of(symbol), (True, False), strict=True):
                self._by_stream[name] = symbol, is_book
                self._streams.add(name)
        for symbol, (watch, task) in list(self._watches.items()):
            if task.done():
                task.result()  # a mistake of ours: end, and be started again
            if symbol in resting or not watch.is_idle:
                watch.orders_changed()
            elif symbol not in wanted:
                await self._leave(symbol, task)

    async def _leave(self, symbol: str, task: asyncio.Task[None]) -> None:
        del self._watches[symbol]
        for name in streams_of(symbol):
            del self._by_stream[name]
            self._streams.discard(name)
        self._latest.pop(symbol, None)
        self._changed.discard(symbol)
        await end_tasks([task])

    async def _listen_to_sessions(self) -> None:
        while True:
            with suppress(RedisError, OSError):
                async with self._sources.redis.pubsub() as pubsub:
                    await pubsub.subscribe(RESTING_CHANNEL, BOOK_DEMAND_KEY)
                    self._wants.set()  # something may have been announced before
                    async for message in pubsub.listen():
                        if message["type"] == "message":
                            self._orders_changed(message["data"].decode())
            await asyncio.sleep(RECONNECT_MIN_S)

    def _orders_changed(self, symbol: str) -> None:
        if symbol in self._watches:
            self._watches[symbol][0].orders_changed()
        else:
            self._wants.set()

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        wait_s = RECONNECT_MIN_S
        while True:
            while not self._streams.names:
                self._streams.changed.clear()
                await self._streams.changed.wait()
            began_s = clock()
            try:
                await self._sources.market.listen(self._streams, self._take)
            except Retryable as fault:
                _log.warning("paper.stream_broke", detail=fault.detail)
            # Nobody knows what these have become; the next connection's first word on one
            # symbol must not renew the others.
            self._latest.clear()
            self._changed.clear()
            self._has_gap = True
            self._doubt()
            served = clock() - began_s > SERVED_S
            wait_s = RECONNECT_MIN_S if served else min(wait_s * 2, RECONNECT_MAX_S)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    def _doubt(self) -> None:
        for watch, _ in self._watches.values():
            watch.doubt()

    def _take(self, message: bytes) -> None:
        if self._has_gap:
            # What traded until now, on a symbol that may be quiet from now on.
            self._has_gap = False
            self._doubt()
        try:
            opened = open_message(message)
            if opened is None:
                return
            stream, told = opened
            known = self._by_stream.get(stream)
            if known is None:
                return  # nobody wants it any more
            self._heard_at = at = utc_now_in_ms()
            symbol, is_book = known
            watch, _ = self._watches[symbol]
            if is_book:
                book = book_of(symbol, told, at)
                self._latest[symbol] = book
                self._changed.add(symbol)
                self._news.set()
                watch.take_book(book)
            else:
                watch.take_trade(trade_of(symbol, told, at))
        except (InvalidMessageError, ValueError) as fault:
            _log.warning("paper.message_dropped", reason=str(fault))

    async def _write_books(self) -> None:
        clock = asyncio.get_running_loop().time
        renewed_s = clock()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(renewed_s + RENEW_EVERY_S):
                    await self._news.wait()
            await asyncio.sleep(GATHER_S)
            self._news.clear()
            chosen = [self._latest[symbol] for symbol in self._changed]
            self._changed.clear()
            if clock() > renewed_s + RENEW_EVERY_S:
                renewed_s, at = clock(), self._heard_at
                is_alive = utc_now_in_ms() - at < ALIVE_FOR
                chosen = [replace(b, at=at) for b in self._latest.values()] if is_alive else []
            if chosen:
                with suppress(Retryable):
                    await self._books.write(chosen)

    async def _tell(self, session_id: str, observations: Sequence[Observation]) -> None:
        """Signal a session; returns once Temporal has stored it, or the session has ended."""
        handle = self._sources.temporal.get_workflow_handle(session_workflow_id(session_id))
        while True:
            try:
                await handle.signal(PaperSession.observe, list(observations))
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return
                _log.warning("paper.session_not_told", session_id=session_id, error=str(error))
            else:
                return
            await asyncio.sleep(TELL_RETRY_S)
