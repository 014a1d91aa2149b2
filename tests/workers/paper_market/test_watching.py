"""One symbol's watch, between a real exchange's trades and what sessions show in Redis."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import httpx
import pytest
from redis.asyncio import Redis

from adapters.binance_trades import BinanceTrades
from adapters.ending_tasks import end_tasks
from adapters.redis_resting import RedisRestingOrders
from domain.paper.observations import MarketTrade, Observation
from tests.api.routes.trading import D, Market
from tests.conftest import StartServer
from tests.domain.paper.market import BTC, BUY, Session, book, limit
from workers.paper_market.watching import CLOCK_MARGIN, SymbolWatch
from workers.stack import servers

BOOK = {"bids": [[59_999, 1], [59_990, 5]], "asks": [[60_001, 1]]}


class PresentSession(Session):
    """One whose orders rest from now on."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def exchange_url(start_server: StartServer) -> str:
    """An exchange of its own: nobody else's market stands still."""
    return start_server(servers.EXCHANGE).url


@pytest.fixture
async def market(exchange_url: str) -> AsyncIterator[Market]:
    async with httpx.AsyncClient(base_url=exchange_url) as http:
        market = Market(http)
        await market.set(symbol=BTC, pause=True, book=BOOK)
        yield market


@pytest.fixture
async def trades(exchange_url: str) -> AsyncIterator[BinanceTrades]:
    trades = BinanceTrades(exchange_url, testnet=False)
    yield trades
    await trades.close()


async def test_a_doubt_before_anything_traded_asks_for_what_has_traded_since(
    market: Market, trades: BinanceTrades, redis_client: Redis
) -> None:
    """The stream has told nothing yet, and did not tell this trade either."""
    # Longer than clocks may differ: no older trade is the order's.
    await asyncio.sleep(CLOCK_MARGIN.total_seconds() + 0.2)
    session = PresentSession()
    session.place(limit(BUY, "0.01", "59995"), book(("59999x1",), ("60001x1",)))
    resting = RedisRestingOrders(redis_client)
    await resting.show(session.state, 1)
    told: asyncio.Queue[Sequence[Observation]] = asyncio.Queue()

    async def tell(_session_id: str, observations: Sequence[Observation]) -> None:
        told.put_nowait(observations)

    watch = SymbolWatch(BTC, resting, trades, tell)
    watching = asyncio.create_task(watch.run())
    try:
        async with asyncio.timeout(10):
            # It has seen the order, and has asked what traded before.
            await asyncio.sleep(1)
            assert not watch.is_idle
            assert told.empty()
            fall = {"side": "SELL", "quantity": D(3), "price": D(59_990)}
            await market.set(symbol=BTC, trade=fall)
            watch.doubt()
            heard = await told.get()
    finally:
        await end_tasks([watching])
    assert any(isinstance(each, MarketTrade) and each.price <= D(59_995) for each in heard)
