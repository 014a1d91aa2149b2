"""Live prices from a market that stands still, and people with 10,000 USDT."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from domain.market import Quote
from tests.api.people import Edge
from tests.api.routes.trading import D, Market, Trader, until
from workers.connections import Need, open_connections
from workers.streaming.worker import Sources, StreamingWorker

# What has live prices; every other symbol of the exchange has none.
STREAMED = ("BTCUSDT", "ETHUSDT", "ETHBTC", "DOGEUSDT")


@pytest.fixture(scope="session")
async def _prices(edge: Edge) -> AsyncIterator[None]:
    """Follow the exchange's prices, as the streaming worker does."""
    needs = {Need.MONGODB, Need.REDIS}
    async with open_connections(edge.services.settings, needs) as connections:
        sources = Sources(
            edge.services.market.streams,
            edge.services.market.klines,
            connections.redis,
            connections.database,
        )
        worker = StreamingWorker(sources, lambda: STREAMED, (), lambda: None)
        following = asyncio.create_task(worker.run())
        yield
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


@pytest.fixture
async def market(edge: Edge, exchange_url: str, _prices: None) -> AsyncIterator[Market]:
    """Return a market without faults where BTC is 60,000 and ETH 3,000, and quoted so."""
    async with httpx.AsyncClient(base_url=exchange_url) as http:
        market = Market(http)
        await market.calm()
        await market.book("BTCUSDT", "59999.99", "60000.01")
        await market.book("ETHUSDT", "2999.99", "3000.01", "50")
        await market.book("ETHBTC", "0.04999", "0.05001", "50")
        await quoted(edge, "BTCUSDT", "60000.01")
        await quoted(edge, "ETHUSDT", "3000.01")
        await quoted(edge, "ETHBTC", "0.05001")
        yield market
        await market.calm()


async def quoted(edge: Edge, symbol: str, ask: str) -> None:
    """Wait until this is the live quote."""

    async def is_live() -> bool:
        quote: Quote | None = await edge.services.trading.quotes.quote(symbol)
        return quote is not None and quote.ask == D(ask)

    await until(is_live, f"{symbol} at {ask}")


@pytest.fixture
def new_trader(edge: Edge, market: Market) -> Callable[[], Awaitable[Trader]]:
    """Sign somebody up."""

    async def sign_up() -> Trader:
        signed_in = await edge.register()
        return Trader(edge, market, signed_in["user"]["id"], signed_in["token"])

    return sign_up


@pytest.fixture
async def trader(new_trader: Callable[[], Awaitable[Trader]]) -> Trader:
    return await new_trader()


@pytest.fixture
async def another_trader(new_trader: Callable[[], Awaitable[Trader]]) -> Trader:
    return await new_trader()
