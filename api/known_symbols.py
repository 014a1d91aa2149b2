"""Symbols for reading: the venue's, shared through the cache, else the last that are known."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from adapters.exact_json import dump
from adapters.mongo_symbols import MongoSymbols, StoredSymbols
from adapters.redis_cache import RedisCache
from adapters.venue_symbols import VenueSymbolBook
from domain.errors import ErrorCode, Rejected, Retryable
from domain.market import SymbolRules

# The venue is asked every five minutes; what it changes is invalidated.
SYMBOLS_TTL_MS = 300_000
KEEP_RETRY_S = 5.0

_log = structlog.get_logger(__name__)


class SymbolsBody(NamedTuple):
    """The answer of `GET /api/market/symbols`; `age_s` where it is not the venue's of now."""

    body: bytes
    age_s: int | None = None


class KnownSymbols:
    """What may be read while the venue is away. Orders are judged by the `SymbolBook` alone.

    Args:
        book: The venue's rules, once it has told them to this process.
        stored: What it told earlier.
        cache: Where the answer is shared.
        venue: The venue's name.
    """

    def __init__(
        self, book: VenueSymbolBook, stored: MongoSymbols, cache: RedisCache, venue: str
    ) -> None:
        self._book = book
        self._stored = stored
        self._cache = cache
        self._key = f"symbols:{venue}"
        self._last: StoredSymbols | None = None

    async def body(self) -> SymbolsBody:
        """Return the whole list, serialised.

        Raises:
            Retryable: `VENUE_UNAVAILABLE`; the venue is away and never told it.
        """
        try:
            body = await self._cache.get(self._key, SYMBOLS_TTL_MS, self._load)
        except Retryable as away:
            last = await self._last_known()
            if last is None:
                raise
            _log.warning("symbols.last_known", read_at=str(last.read_at), detail=away.detail)
            age_s = int((datetime.now(UTC) - last.read_at).total_seconds())
            return SymbolsBody(_serialised(last.rules), max(0, age_s))
        return SymbolsBody(body or b"")

    async def all(self) -> list[SymbolRules]:
        """Return every symbol.

        Raises:
            Retryable: As `body`.
        """
        if self._book.loaded:
            return self._book.all_rules()
        last = await self._last_known()
        if last is None:
            raise _untold()
        return last.rules

    async def require(self, symbol: str) -> None:
        """Return where the symbol is known.

        Raises:
            Rejected: `UNKNOWN_SYMBOL`.
            Retryable: As `body`.
        """
        if self._book.loaded:
            known = self._book.rules(symbol) is not None
        else:
            known = any(rules.symbol == symbol for rules in await self.all())
        if not known:
            raise Rejected(ErrorCode.UNKNOWN_SYMBOL, "The venue does not trade this symbol.")

    async def run(self) -> None:
        """Keep what the venue tells, and invalidate what it changes, until cancelled."""
        seen = 0
        told: bytes | None = None
        while True:
            seen = await self._book.reading_after(seen)
            rules = self._book.all_rules()
            try:
                await self._stored.keep(rules, datetime.now(UTC))
            except Retryable as fault:
                _log.warning("symbols.not_kept", detail=fault.detail)
                seen = 0
                await asyncio.sleep(KEEP_RETRY_S)
                continue
            telling = _serialised(rules)
            if telling != told:
                await self._cache.invalidate(self._key)
                told = telling

    async def _load(self) -> bytes:
        if not self._book.loaded:
            raise _untold()
        return _serialised(self._book.all_rules())

    async def _last_known(self) -> StoredSymbols | None:
        # Kept in memory, too: it changes only once the venue is back, and then it is not needed.
        if self._last is None:
            self._last = await self._stored.last()
        return self._last


def _untold() -> Retryable:
    return Retryable(ErrorCode.VENUE_UNAVAILABLE, "The venue has not told its symbols yet.")


def _serialised(rules: list[SymbolRules]) -> bytes:
    return dump({"items": [_traded(each) for each in rules]})


def _traded(rules: SymbolRules) -> dict[str, object]:
    return {
        "symbol": rules.symbol,
        "base_asset": rules.base_asset,
        "quote_asset": rules.quote_asset,
        "tick_size": rules.tick_size,
        "step_size": rules.step_size,
        "min_quantity": rules.min_quantity,
        "min_notional": rules.min_notional,
    }
