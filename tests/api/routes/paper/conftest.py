"""Paper sessions on a market that stands still; a paper worker and a paper market are there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from adapters.binance_trades import BinanceTrades
from tests.api.people import Edge
from tests.api.routes.paper.trading import Desk
from tests.api.routes.trading import Market, Trader
from workers.connections import open_connections
from workers.paper import PAPER_NEEDS, run_paper_worker
from workers.paper_market.market import PaperMarket, Sources


@pytest.fixture(scope="session")
async def _paper(edge: Edge) -> AsyncIterator[None]:
    settings, client = edge.services.settings, edge.services.trading.client
    async with open_connections(settings, PAPER_NEEDS) as connections:
        trades = BinanceTrades(settings.exchange_url, testnet=False)
        sources = Sources(edge.services.market.streams, trades, connections.redis, client)
        following = asyncio.create_task(PaperMarket(sources).run())
        async with run_paper_worker(connections, client):
            yield
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await trades.close()


@pytest.fixture
async def new_desk(
    new_trader: Callable[[], Awaitable[Trader]], market: Market, _paper: None
) -> Callable[..., Awaitable[Desk]]:
    """Start a session for somebody new; BTC has three levels a side."""
    await market.set(
        symbol="BTCUSDT",
        pause=True,
        book={
            "bids": [[59_999, 1], [59_998, 1], [59_990, 5]],
            "asks": [[60_001, 1], [60_002, 1], [60_010, 5]],
        },
    )

    async def open_desk(**settings: object) -> Desk:
        desk = Desk(await new_trader())
        await desk.start(**settings)
        await desk.until_book("BTCUSDT", "60001")
        return desk

    return open_desk


@pytest.fixture
async def desk(new_desk: Callable[..., Awaitable[Desk]]) -> Desk:
    return await new_desk()
