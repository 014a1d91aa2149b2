"""The archive's pace: it can wait, and the people who trade beside it cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def unhurried(rest: float) -> AsyncIterator[None]:
    """Leave the database alone after a batch, for so many times as long as the batch took."""
    clock = asyncio.get_running_loop().time
    began_s = clock()
    yield
    await asyncio.sleep((clock() - began_s) * rest)
