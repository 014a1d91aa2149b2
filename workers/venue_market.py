"""The venue's public market, for the processes that follow it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters.binance_klines import BinanceKlines
from adapters.binance_market import BinanceMarket
from adapters.venue_symbols import VenueSymbolBook
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class VenueMarket:
    """Its streams, its candles over REST, and its symbols, which load in the background."""

    streams: BinanceMarket
    klines: BinanceKlines
    symbols: VenueSymbolBook


@asynccontextmanager
async def open_venue_market(settings: Settings) -> AsyncIterator[VenueMarket]:
    """Open the market of the venue that settings name."""
    url, is_testnet = settings.venue_url, settings.is_testnet
    async with AsyncExitStack() as stack:
        streams = BinanceMarket(url, settings.venue_ws_url, testnet=is_testnet)
        stack.push_async_callback(streams.close)
        klines = BinanceKlines(url, testnet=is_testnet)
        stack.push_async_callback(klines.close)
        symbols = VenueSymbolBook(streams, settings.symbols)
        symbols.start()
        stack.push_async_callback(symbols.close)
        yield VenueMarket(streams, klines, symbols)
