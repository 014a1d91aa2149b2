"""One system for all the chaos: starting it is the dear part, people cost nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.chaos.people import World, world_of
from tests.chaos.system import System


@pytest.fixture(scope="package")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    system = System(tmp_path_factory.mktemp("chaos"))
    try:
        await system.start()
        async with world_of(system) as found:
            yield found
    finally:
        await system.stop()
