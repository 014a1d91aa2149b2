"""An edge with an analysis worker beside it, live prices, and people who ask."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from redis.asyncio import Redis

from adapters.ending_tasks import end_tasks
from adapters.redis_circuit import RedisCircuit
from adapters.redis_quotes import RedisTickWriter, Tick, quote_document
from domain.candles import Timeframe
from tests.api.people import Edge, OpenEdge
from tests.api.routes.ai.analysing import Asker, Desk, Subject, quote_of
from tests.model_control import ModelControl
from workers.analysis import ANALYSIS_NEEDS, run_analysis_worker
from workers.connections import open_connections

# What no other test quotes; each test has a symbol and timeframe of its own.
SYMBOLS = ("SOLUSDT", "BNBUSDT", "XRPUSDT", "ADAUSDT", "LTCUSDT")
TIMEFRAMES = tuple(
    timeframe
    for timeframe in Timeframe
    if timeframe not in {Timeframe.S1, Timeframe.W1, Timeframe.MONTH}
)
RENEWAL_S = 0.3


@pytest.fixture(scope="session")
def subjects() -> Iterator[Subject]:
    pairs = itertools.product(TIMEFRAMES, SYMBOLS)
    return iter([Subject(symbol, timeframe) for timeframe, symbol in pairs])


@pytest.fixture(scope="module")
async def ai_edge(open_edge: OpenEdge, model_url: str) -> AsyncIterator[Edge]:
    """One application of the edge, which asks a model."""
    async with open_edge(model_url=model_url) as edge:
        async with asyncio.timeout(20):
            await edge.services.market.symbols.ready()
        yield edge


@pytest.fixture(scope="module")
async def _worker(ai_edge: Edge) -> AsyncIterator[None]:
    services = ai_edge.services
    async with (
        open_connections(services.settings, ANALYSIS_NEEDS) as connections,
        run_analysis_worker(
            services.settings, connections, services.market.klines, services.trading.client
        ),
    ):
        yield


@pytest.fixture(scope="module")
async def prices(redis_url: str, exchange_url: str) -> AsyncIterator[dict[str, str]]:
    """Keep the prices live at what they were at first, by symbol; a test may change one."""
    async with httpx.AsyncClient(base_url=exchange_url) as http:
        found = (await http.get("/api/v3/ticker/price")).json()
    prices = {each["symbol"]: each["price"] for each in found if each["symbol"] in SYMBOLS}
    redis = Redis.from_url(redis_url)
    writer = RedisTickWriter(redis)

    async def write() -> None:
        quotes = [quote_of(symbol, price) for symbol, price in prices.items()]
        await writer.write(
            [Tick(q.symbol, quote_document(q), f"{q.symbol}@ticker", None) for q in quotes]
        )

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEWAL_S)
            await write()

    await write()
    renewing = asyncio.create_task(renew())
    yield prices
    await end_tasks([renewing])
    await asyncio.gather(renewing, return_exceptions=True)
    await redis.aclose()


@pytest.fixture
async def lone_desk(
    ai_edge: Edge,
    prices: dict[str, str],
    subjects: Iterator[Subject],
    model_control: ModelControl,
) -> Desk:
    """Return a desk without a worker."""
    subject = next(subjects)
    model_control.symbol = subject.symbol
    # What failed in another test says nothing here.
    settings = ai_edge.services.settings
    await RedisCircuit(
        ai_edge.services.connections.redis, f"model:{settings.model_name}"
    ).succeeded()
    return Desk(ai_edge, subject, model_control, prices)


@pytest.fixture
async def desk(lone_desk: Desk, _worker: None) -> Desk:
    return lone_desk


@pytest.fixture
async def asker(desk: Desk) -> Asker:
    return await desk.asker()
