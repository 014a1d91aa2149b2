"""Applications of the edge on real stores, and people who use them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.app import create_app
from tests.api.people import Edge, OpenEdge
from tests.conftest import StartServer
from tests.databases import Databases
from workers.settings import Settings
from workers.stack import servers

CREDENTIALS_KEY = "q1VsG+qrHhz3n5UZ0cKpUQmm/7Eh0SWCwhXoU9oiPfs="
START_TIMEOUT_S = 20
END_TIMEOUT_S = 40


@pytest.fixture(scope="session")
def exchange_url(session_servers: StartServer) -> str:
    """An exchange whose market stands still when these tests say so, and nobody else's does."""
    return session_servers(servers.EXCHANGE).url


@pytest.fixture(scope="session")
def redis_url(session_servers: StartServer) -> str:
    """A Redis on which nobody else's prices are announced: its channels know no databases."""
    return session_servers(servers.REDIS).url


@pytest.fixture(scope="session")
def make_settings(
    mongodb_url: str, redis_url: str, rabbitmq_url: str, temporal_address: str, exchange_url: str
) -> Callable[..., Settings]:
    """Make settings for a database of one's own; limits are out of the way unless given."""

    def make(**overrides: Any) -> Settings:
        fields: dict[str, Any] = {
            "jwt_secret": "a secret of the tests, long enough",
            "credentials_key": CREDENTIALS_KEY,
            "mongodb_url": mongodb_url,
            "mongodb_database": f"test_{secrets.token_hex(6)}",
            "redis_url": redis_url,
            "rabbitmq_url": rabbitmq_url,
            "temporal_address": temporal_address,
            "exchange_url": exchange_url,
            "failures_per_account_and_address": 1_000,
            "failures_per_address": 100_000,
            "failures_per_account": 100_000,
            "registrations_per_address": 100_000,
        }
        return Settings(**(fields | overrides))

    return make


async def tell_what_hangs() -> None:
    """Print what everything waits for, where an end takes too long; a time-out shows one frame."""
    await asyncio.sleep(END_TIMEOUT_S)
    for task in asyncio.all_tasks():
        task.print_stack()


@pytest.fixture(scope="session")
def open_edge(make_settings: Callable[..., Settings], databases: Databases) -> OpenEdge:
    """Open an application with some settings of its own, once it is ready; `keep` its database."""

    @asynccontextmanager
    async def open_one(
        *, wait: bool = True, keep: bool = False, **overrides: Any
    ) -> AsyncIterator[Edge]:
        taken = None if keep or "mongodb_database" in overrides else await databases.take()
        if taken is not None:
            overrides["mongodb_database"] = taken.name
        settings = make_settings(**overrides)
        app = create_app(settings)
        transport = httpx.ASGITransport(app)
        try:
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://edge.test") as http,
            ):
                edge = Edge(app, http)
                if wait:
                    async with asyncio.timeout(START_TIMEOUT_S):
                        await edge.services.readiness.started()
                yield edge
                watching = asyncio.create_task(tell_what_hangs())
            watching.cancel()
        finally:
            if taken is not None:
                await databases.give_back(taken)

    return open_one


@pytest.fixture(scope="session")
async def edge(open_edge: OpenEdge) -> AsyncIterator[Edge]:
    """One application for all tests that need nothing special; people in it are never shared."""
    async with open_edge() as opened:
        yield opened
