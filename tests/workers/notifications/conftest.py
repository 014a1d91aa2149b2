"""A database and a sender for the tests of a file; each of them has users of its own."""

import secrets
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_schema import ensure_schema
from tests.workers.notifying import Service, open_service


@pytest.fixture(scope="module")
async def database(mongodb_url: str) -> AsyncIterator[Database]:
    """One for all of these tests: each has users of its own."""
    client = open_client(mongodb_url)
    name = f"test_{secrets.token_hex(6)}"
    database = database_of(client, name)
    await ensure_schema(database)
    yield database
    await client.drop_database(name)
    client.close()


@pytest.fixture(scope="module")
async def service(database: Database) -> AsyncIterator[Service]:
    async with open_service(database) as service:
        yield service


@pytest.fixture(scope="module", autouse=True)
def _short_waits() -> Iterator[None]:
    """Wait a tenth; how long the waits are is shown where they are decided."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("domain.notifications.FIRST_RETRY_S", 0.1)
        patch.setattr("workers.notification_sender.LOOK_EVERY_S", 0.1)
        patch.setattr("workers.notification_sender.STOP_WITHIN_S", 0.1)
        yield


@pytest.fixture(scope="module")
def silent_url() -> Iterator[str]:
    """A server to which one connects, and then hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.fixture
def ann() -> str:
    return f"ann-{secrets.token_hex(4)}"


@pytest.fixture
def bob() -> str:
    return f"bob-{secrets.token_hex(4)}"
