from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.sandbox.exchange.harness import Desk, ExchangeProcess

ROOMY = ("--weight-limit", "10000000", "--order-limit-10s", "1000000")


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    """One exchange for all tests that do not break it; each test uses accounts of its own."""
    process = ExchangeProcess(tmp_path_factory.mktemp("exchange"), *ROOMY, is_measured=True)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="session")
async def http_session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def desk(
    exchange: ExchangeProcess, http_session: aiohttp.ClientSession
) -> AsyncIterator[Desk]:
    found = Desk(exchange, http_session)
    yield found
    await found.clear_faults()
    await found.clear_orders()
    await found.market(pause=False)


@pytest.fixture
def own_exchange(tmp_path: Path) -> Iterator[ExchangeProcess]:
    """An exchange for this test alone, not started yet; it may be killed."""
    process = ExchangeProcess(tmp_path, *ROOMY)
    yield process
    process.stop()
