"""The venue's symbols, read at the start and again from time to time."""

import asyncio
import random
from collections.abc import Collection

import structlog

from adapters.binance_market import BinanceMarket
from domain.errors import Retryable
from domain.market import SymbolRules

REFRESH_INTERVAL_S = 300.0
RETRY_MIN_S = 0.5
RETRY_MAX_S = 10.0

_log = structlog.get_logger(__name__)


class VenueSymbolBook:
    """Keeps the last good rules; implements `domain.ports.SymbolBook`.

    Args:
        market: Where the rules come from.
        only: The symbols that this installation trades; empty for all of the venue's.
    """

    def __init__(self, market: BinanceMarket, only: Collection[str] = ()) -> None:
        self._market = market
        self._only = frozenset(only)
        self._rules: dict[str, SymbolRules] = {}
        self._loaded = asyncio.Event()
        self._readings = 0
        self._read = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load, and to refresh."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="venue-symbols")

    async def close(self) -> None:
        """Refresh no longer."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def ready(self) -> None:
        """Return once the rules have been loaded for the first time."""
        await self._loaded.wait()

    @property
    def loaded(self) -> bool:
        """Whether there are rules; without them no symbol can be called unknown."""
        return self._loaded.is_set()

    def rules(self, symbol: str) -> SymbolRules | None:
        """Return the rules of one symbol, or None where the venue does not trade it."""
        return self._rules.get(symbol)

    def all_rules(self) -> list[SymbolRules]:
        """Return every symbol's rules, sorted by symbol."""
        return list(self._rules.values())

    async def reading_after(self, seen: int) -> int:
        """Return the number of the latest reading, once it is beyond `seen` (0: none yet)."""
        async with self._read:
            await self._read.wait_for(lambda: self._readings > seen)
            return self._readings

    async def refresh(self) -> None:
        """Load the rules now; on a failure the last good ones stay.

        Raises:
            Retryable: The venue could not be reached.
        """
        found = await self._market.symbol_rules()
        kept = {r.symbol: r for r in found if not self._only or r.symbol in self._only}
        if kept:
            self._rules = kept
            self._loaded.set()
            async with self._read:
                self._readings += 1
                self._read.notify_all()

    async def _follow(self) -> None:
        wait_s = RETRY_MIN_S
        while True:
            try:
                await self.refresh()
                wait_s = RETRY_MIN_S
                pause_s = REFRESH_INTERVAL_S if self.loaded else RETRY_MAX_S
            except Retryable as fault:
                _log.warning("venue.symbols_unread", detail=fault.detail)
                pause_s = wait_s
                wait_s = min(wait_s * 2, RETRY_MAX_S)
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.0))  # noqa: S311 - jitter
