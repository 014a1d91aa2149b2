"""The archive's pace: it can wait, and the people who trade beside it cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.timing import ARCHIVAL_REST


@asynccontextmanager
async def unhurried() -> AsyncIterator[None]:
    """Leave the database alone after a batch, in proportion to how long the batch took."""
    clock = asyncio.get_running_loop().time
    began_s = clock()
    yield
    await asyncio.sleep((clock() - began_s) * ARCHIVAL_REST)
