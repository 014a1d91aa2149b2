"""The watch over one symbol: every trade once and in order, past every order that rests."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from adapters.binance_trades import PAGE_ROWS, BinanceTrades
from adapters.redis_resting import RedisRestingOrders
from domain.errors import Retryable
from domain.paper.book import BookSnapshot
from domain.paper.observations import MarketTrade, Observation
from domain.paper.watching import Watch, observe, renewed

# Tells a session what the market did; returns once the session's history has it.
Tell = Callable[[str, Sequence[Observation]], Awaitable[None]]

# An order is known here within milliseconds of its arrival; older ones are asked about.
TAPE_TRADES = 500
RETRY_S = 0.5
# What waits while a session cannot be told; what is dropped is a gap, and asked for later.
MAX_INCOMING = 50_000
# So much before its arrival an order's trades are looked for: clocks differ a little.
CLOCK_MARGIN = timedelta(seconds=1)
# More missing trades than this are not worth the venue's patience; orders go on from there.
MAX_MISSING_PAGES = 50

_log = structlog.get_logger(__name__)


class SymbolWatch:
    """One symbol.

    Args:
        symbol: Which.
        resting: Where sessions show their orders.
        trades: The venue's trades over REST.
        tell: How a session is told.
    """

    def __init__(
        self, symbol: str, resting: RedisRestingOrders, trades: BinanceTrades, tell: Tell
    ) -> None:
        self._symbol = symbol
        self._resting = resting
        self._trades = trades
        self._tell = tell
        self._watches: dict[str, Watch] = {}
        self._tape: deque[MarketTrade] = deque(maxlen=TAPE_TRADES)
        self._incoming: deque[MarketTrade] = deque(maxlen=MAX_INCOMING)
        self._book: BookSnapshot | None = None
        self._is_changed = True
        self._is_doubtful = True
        self._news = asyncio.Event()
        self._news.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing rests here."""
        return not self._watches and not self._is_changed

    def take_trade(self, trade: MarketTrade) -> None:
        """Take what the stream says."""
        self._incoming.append(trade)
        self._news.set()

    def take_book(self, book: BookSnapshot) -> None:
        """Take the latest book; those between need not be looked at."""
        self._book = book
        if self._watches:
            self._news.set()

    def orders_changed(self) -> None:
        """Look again at what sessions have shown."""
        self._is_changed = True
        self._news.set()

    def doubt(self) -> None:
        """Ask the venue for what may have been missed."""
        self._is_doubtful = True
        self._news.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._work()
            except Retryable as fault:
                _log.warning("paper.watch_waits", symbol=self._symbol, detail=fault.detail)
                self._is_changed = self._is_doubtful = True
                await asyncio.sleep(RETRY_S)
                self._news.set()

    async def _work(self) -> None:
        if self._is_changed:
            self._is_changed = False
            await self._reload()
        if self._is_doubtful:
            await self._fill_gap(None)
            self._is_doubtful = False
        while self._incoming:
            trade = self._incoming[0]
            if self._tape and trade.trade_id > self._tape[-1].trade_id + 1:
                await self._fill_gap(trade.trade_id)
            if self._incoming and self._incoming[0] is trade:
                self._incoming.popleft()
            await self._pass(trade)
        book, self._book = self._book, None
        if book is not None:
            await self._meet(book)

    async def _pass(self, trade: MarketTrade) -> None:
        if self._tape and trade.trade_id <= self._tape[-1].trade_id:
            return
        self._tape.append(trade)
        await self._meet(trade)

    async def _meet(self, observation: MarketTrade | BookSnapshot) -> None:
        for session_id, watch in list(self._watches.items()):
            after, told = observe(watch, observation)
            if told:
                await self._tell(session_id, told)
            self._watches[session_id] = after

    async def _fill_gap(self, before_id: int | None) -> None:
        """Pass the trades between the tape's last and this one, or all that there are now."""
        if not self._watches:
            self._tape.clear()  # nobody needs it, and a tape with a gap is none
        if not self._tape:
            # Nothing had traded since these orders came, as far as was heard.
            for session_id, watch in list(self._watches.items()):
                self._watches[session_id] = await self._caught_up(None, watch)
            return
        next_id = self._tape[-1].trade_id + 1
        for _ in range(MAX_MISSING_PAGES):
            page = await self._trades.page(self._symbol, next_id)
            for trade in page:
                if before_id is not None and trade.trade_id >= before_id:
                    return
                await self._pass(trade)
            if len(page) < PAGE_ROWS:
                return
            next_id = page[-1].trade_id + 1
        _log.warning("paper.trades_skipped", symbol=self._symbol, from_id=next_id)

    async def _reload(self) -> None:
        """Take over what sessions have shown, and let new orders meet what has traded since."""
        shown = {watch.session_id: watch for watch in await self._resting.watches(self._symbol)}
        for session_id in self._watches.keys() - shown.keys():
            del self._watches[session_id]
        for session_id, fresh in shown.items():
            known = self._watches.get(session_id)
            self._watches[session_id] = await self._caught_up(known, fresh)

    async def _caught_up(self, known: Watch | None, fresh: Watch) -> Watch:
        watch = fresh if known is None else renewed(known, fresh)
        told = {order.trade_id: order for order in known.told} if known is not None else {}
        new = tuple(o for o in fresh.orders if told.get(o.trade_id) != o)
        if not new:
            return watch
        probe = replace(fresh, orders=new, told=new)
        for trade in await self._since(min(order.since for order in new)):
            probe, heard = observe(probe, trade)
            if heard:
                await self._tell(probe.session_id, heard)
        passed = {order.trade_id: order for order in probe.orders}
        gone = {order.trade_id for order in new} - passed.keys()
        orders = tuple(
            passed.get(order.trade_id, order)
            for order in watch.orders
            if order.trade_id not in gone
        )
        last = max(watch.last_trade_id, self._tape[-1].trade_id if self._tape else -1)
        return replace(watch, orders=orders, last_trade_id=last)

    async def _since(self, since: datetime) -> list[MarketTrade]:
        """Return every trade from a moment on, as far as the tape has come."""
        if self._tape and self._tape[0].at <= since:
            return [trade for trade in self._tape if trade.at >= since]
        first = await self._trades.first_since(self._symbol, since - CLOCK_MARGIN)
        if first is None:
            return []
        found: list[MarketTrade] = []
        for _ in range(MAX_MISSING_PAGES):
            page = await self._trades.page(self._symbol, first)
            found += page
            if len(page) < PAGE_ROWS:
                break
            first = page[-1].trade_id + 1
        if found and not self._tape:
            self._tape.append(found[-1])
        if self._tape:
            found = [trade for trade in found if trade.trade_id <= self._tape[-1].trade_id]
        return found
