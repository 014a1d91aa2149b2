"""The streams' process, in this one, beside the trading floor."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.trading_floor import Floor
from workers.user_data.__main__ import follow_accounts


@pytest.fixture(autouse=True)
async def _tidy(floor: Floor) -> AsyncIterator[None]:
    yield
    await floor.clear_faults()
    await floor.clear_book()


@pytest.fixture
async def following(floor: Floor) -> AsyncIterator[asyncio.Task[None]]:
    """Follow the floor's accounts; the test may cancel it."""
    ready = asyncio.Event()
    task = asyncio.create_task(follow_accounts(floor.settings, ready.set))
    async with asyncio.timeout(20):
        await ready.wait()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
