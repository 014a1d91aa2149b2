from collections.abc import AsyncIterator

import pytest

from tests.api.people import Edge, OpenEdge
from tests.api.routes.notifications.listening import Person, person


@pytest.fixture(scope="module")
async def open_house(open_edge: OpenEdge) -> AsyncIterator[Edge]:
    """An application whose users may have targets on this machine."""
    async with open_edge(notification_networks=["127.0.0.0/8"]) as opened:
        yield opened


@pytest.fixture
async def ann(open_house: Edge) -> Person:
    return await person(open_house)


@pytest.fixture
async def stranger(edge: Edge) -> Person:
    """Somebody where targets are in public only."""
    return await person(edge)
