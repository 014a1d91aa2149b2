"""The market that a paper order meets: read once at its decision, again when it arrives."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.redis_books import RedisBooks
from adapters.redis_quotes import RedisQuoteBoard
from domain.errors import ErrorCode, Rejected, Retryable
from domain.market import SymbolRules
from domain.orders import STOP_TYPES, Order
from domain.paper.book import BookSnapshot, trimmed
from domain.paper.execution import BOOK_AGE_LIMIT_MS
from domain.paper.state import Bracket, SessionState
from domain.paper_messages import PaperOrder
from domain.ports import SymbolBook
from workers.clock import utc_now_in_ms

# Nobody follows the book of a symbol before somebody wants it; then it is there within this.
FIRST_BOOK_PATIENCE_S = 3.0
POLL_INTERVAL_S = 0.02
# A symbol's demand is prolonged this often while it is traded.
DEMAND_RENEWAL_S = 60.0
# Of so many sessions and symbols it is known what they have taken from one snapshot.
MAX_ASKED = 10_000
_RATE_PRECISION = Decimal("1e-12")


@dataclass(slots=True)
class _Asked:
    """How much one session has asked of one snapshot: what it sees must be deep enough."""

    sequence: int = -1
    size: Decimal = Decimal(0)


@dataclass(slots=True)
class PaperPrices:
    """Reads live books and rates."""

    books: RedisBooks
    quotes: RedisQuoteBoard
    symbols: SymbolBook
    _asked: dict[tuple[str, str], _Asked] = field(default_factory=dict)
    _wanted_s: dict[str, float] = field(default_factory=dict)

    def rules(self, symbol: str) -> SymbolRules:
        """Return the rules of a symbol.

        Raises:
            Rejected: `UNKNOWN_SYMBOL`.
            Retryable: The venue's rules are not known yet.
        """
        rules = self.symbols.rules(symbol)
        if rules is None and not self.symbols.all_rules():
            raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue has not told its symbols yet")
        if rules is None:
            raise Rejected(ErrorCode.UNKNOWN_SYMBOL, "the venue does not trade this symbol")
        return rules

    async def order(
        self, session: SessionState, order: Order, bracket: Bracket | None
    ) -> PaperOrder:
        """Return an order with the market that it meets, the session's latency included.

        Raises:
            Rejected: `UNKNOWN_SYMBOL`.
            Retryable: `QUOTE_STALE`, there is no live book or rate; or Redis is away.
        """
        symbol, settings = order.intent.symbol, session.settings
        rules = self.rules(symbol)
        (decision, decided_at), rate, last_price = await asyncio.gather(
            self._first_book(symbol),
            self._rate(rules.quote_asset, settings.quote_asset),
            self._last_price(order),
        )
        arrival, arrived_at = None, decided_at
        if settings.latency_ms:
            await asyncio.sleep(settings.latency_ms / 1000)
            arrival, arrived_at = await self._book(symbol)
            arrived_at = max(arrived_at, decided_at + timedelta(milliseconds=settings.latency_ms))
        return PaperOrder(
            order=order,
            rules=rules,
            decision=self._enough(session, order, decision),
            decided_at=decided_at,
            arrived_at=arrived_at,
            arrival=None if arrival is None else self._enough(session, order, arrival),
            rate=rate,
            last_price=last_price,
            bracket=bracket,
        )

    async def _last_price(self, order: Order) -> Decimal | None:
        """Return what a stop is compared with, as the venue does; other orders need none."""
        if order.intent.type not in STOP_TYPES:
            return None
        quote = await self.quotes.quote(order.intent.symbol)
        if quote is None:
            raise Retryable(ErrorCode.QUOTE_STALE, f"no live price of {order.intent.symbol}")
        return quote.price

    async def marks(self, session: SessionState) -> dict[str, Decimal]:
        """Return the live values of what a session holds, in its quote asset, where known."""
        found: dict[str, Decimal] = {}
        for market in session.markets.values():
            try:
                quote = await self.quotes.quote(market.rules.symbol)
                rate = await self._rate(market.rules.quote_asset, session.settings.quote_asset)
            except Retryable:
                continue
            if quote is not None:
                found[market.rules.base_asset] = quote.price * rate
                found[market.rules.quote_asset] = rate
        return found

    async def _first_book(self, symbol: str) -> tuple[BookSnapshot, datetime]:
        """Return the live book; wait for it where nobody has followed it until now."""
        clock = asyncio.get_running_loop().time
        if clock() - self._wanted_s.get(symbol, float("-inf")) > DEMAND_RENEWAL_S:
            await self.books.want(symbol)
            self._wanted_s[symbol] = clock()
        deadline_s = clock() + FIRST_BOOK_PATIENCE_S
        while True:
            try:
                return await self._book(symbol)
            except Retryable:
                if clock() > deadline_s:
                    raise
            await asyncio.sleep(POLL_INTERVAL_S)

    async def _book(self, symbol: str) -> tuple[BookSnapshot, datetime]:
        book, now = await self.books.book(symbol), utc_now_in_ms()
        if book is None or now - book.at > timedelta(milliseconds=BOOK_AGE_LIMIT_MS):
            raise Retryable(ErrorCode.QUOTE_STALE, f"no live book of {symbol}")
        return book, now

    async def _rate(self, quote_asset: str, session_asset: str) -> Decimal:
        """Return the value of a symbol's quote asset in the session's."""
        if quote_asset == session_asset:
            return Decimal(1)
        straight = await self.quotes.quote(quote_asset + session_asset)
        if straight is not None:
            return straight.bid
        inverse = await self.quotes.quote(session_asset + quote_asset)
        if inverse is None:
            raise Retryable(ErrorCode.QUOTE_STALE, f"no live quote of {quote_asset}")
        return (1 / inverse.ask).quantize(_RATE_PRECISION)

    def _enough(self, session: SessionState, order: Order, book: BookSnapshot) -> BookSnapshot:
        """Return the part of a book that decides the order: the session's history keeps it."""
        intent = order.intent
        best = book.opposite(intent.side)
        if intent.quantity is not None:
            size = intent.quantity
        else:
            size = (intent.quote_quantity or Decimal(0)) / best[0].price if best else Decimal(0)
        asked = self._asked.setdefault((session.session_id, book.symbol), _Asked())
        while len(self._asked) > MAX_ASKED:
            del self._asked[next(iter(self._asked))]
        if asked.sequence != book.sequence:
            asked.sequence, asked.size = book.sequence, Decimal(0)
        asked.size += size
        return trimmed(book, replace(intent, quantity=asked.size, quote_quantity=None))
