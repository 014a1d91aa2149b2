"""Real servers for tests: started on first use, on private ports, gone at the session's end.

Session-scoped addresses: `mongodb_url`, `redis_url`, `rabbitmq_url`, `temporal_address`,
`exchange_url`, `model_url`, `s3_url`. A test that must break a server starts its own with
`start_server`.
Isolation for one test: `database`, `bare_database`, `redis_client`, `rabbitmq_vhost_url`,
`model_control`.
"""

import gc
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from adapters.mongo import Database, database_of, open_client
from tests.databases import Databases
from tests.measured import measured
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server

pytest_plugins = (
    "tests.local_stack",
    "tests.model_control",
    "tests.receivers",
    "tests.shared_servers",
    "tests.trading_floor",
)
# Helpers that assert say what they compared, as tests do.
pytest.register_assert_rewrite("tests.chaos.people")

# `pytest tests/domain --hypothesis-profile=explore` looks further, with new examples each time.
# Speed differs between machines; what is true does not.
settings.register_profile(
    "repeatable",
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", max_examples=3_000, deadline=None)

StartServer = Callable[[Server], Instance]


# What shares servers that are dear to start, each in one process and in this order; started
# first, so that none of them is what is still running when all else has ended.
TOGETHER = (
    ("tests/chaos",),
    # The last of these ends the stack.
    ("tests/dashboard", "tests/stack/test_local_stack.py"),
    ("tests/api/routes/ai", "tests/api/routes/paper", "tests/api/routes/notifications"),
    ("tests/api",),
    ("tests/workers/archival",),
    ("tests/sandbox/exchange",),
    # Whatever trades on the floor.
    (
        "tests/workers/user_data",
        "tests/workers/test_schedules.py",
        "tests/workers/test_crossing.py",
        "tests/activities/test_orphans.py",
    ),
)
# The longest of the rest.
THEN = ("tests/stack", "tests/workers/streaming", "tests/workers")
RANKED = (*(start for group in TOGETHER for start in group), *THEN)


def pytest_configure(config: pytest.Config) -> None:
    """Try the same examples on every machine, unless a profile is asked for by name."""
    # Nothing that is imported goes again: to search it is a sixth of the time until tests begin.
    gc.disable()
    if config.getoption("--hypothesis-profile", None) is None:
        settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Leave what was imported out of every search for garbage."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; the order within them stays."""

    def rank(item: pytest.Item) -> int:
        ranks = (rank for rank, start in enumerate(RANKED) if item.nodeid.startswith(start))
        return next(ranks, len(RANKED))

    items.sort(key=rank)


class _TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Keeps each file in one process, and each group."""

    def _split_scope(self, nodeid: str) -> str:
        together = (group[0] for group in TOGETHER if nodeid.startswith(group))
        return next(together, None) or super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Say what stays together where tests run side by side."""
    return _TogetherScheduling(config, log)


def _starter(root: Path) -> Iterator[StartServer]:
    running: list[Instance] = []

    def start(server: Server) -> Instance:
        instance = Instance(server, root / f"{server.name}-{len(running)}")
        running.append(instance)
        instance.create()
        return instance

    try:
        yield start
    finally:
        # None of them needs another one to end.
        for instance in running:
            instance.terminate()
        for instance in running:
            instance.stop()


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of them, and what costs time."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("BOTCORE_", "SANDBOX_")):
                patch.delenv(name)
        # Often enough that no price is stale; each move is work for every process behind it.
        patch.setenv("SANDBOX_STEPS_PER_S", "1")
        # Nothing here speaks TLS; each HTTP client would read all authorities, for 30 ms.
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-authorities")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Log as in production; the library's default draws a traceback for more than a second."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    )


@pytest.fixture(scope="session")
def session_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    yield from _starter(tmp_path_factory.mktemp("servers"))


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start a server for this test alone, to be killed: `start_server(servers.REDIS)`."""
    yield from _starter(tmp_path)


@pytest.fixture(scope="session")
def redis_url(session_servers: StartServer) -> str:
    return session_servers(servers.REDIS).url


@pytest.fixture(scope="session")
def temporal_address(session_servers: StartServer) -> str:
    return session_servers(servers.TEMPORAL).url


@pytest.fixture(scope="session")
def exchange_url(session_servers: StartServer) -> str:
    return session_servers(servers.EXCHANGE).url


@pytest.fixture(scope="session")
def model_url(session_servers: StartServer) -> str:
    return session_servers(measured(servers.MODEL)).url


@pytest.fixture(scope="session")
def s3_url(session_servers: StartServer) -> str:
    return session_servers(servers.S3).url


@pytest.fixture(scope="session")
async def databases(mongodb_url: str) -> AsyncIterator[Databases]:
    """Return the databases that tests take turns with."""
    databases = Databases(mongodb_url)
    yield databases
    databases.close()


@pytest.fixture
async def database(mongodb_url: str, databases: Databases) -> AsyncIterator[Database]:
    """Return a database of this test's own, with the schema in place."""
    taken = await databases.take()
    client = open_client(mongodb_url)
    try:
        yield database_of(client, taken.name)
    finally:
        client.close()
        await databases.give_back(taken)


@pytest.fixture
async def bare_database(mongodb_url: str) -> AsyncIterator[Database]:
    """Return a database of this test's own without any schema, which would take a second."""
    client = open_client(mongodb_url)
    name = f"test_{secrets.token_hex(6)}"
    try:
        yield database_of(client, name)
    finally:
        await client.drop_database(name)
        client.close()


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[redis.Redis]:
    """Return a client of an empty Redis."""
    async with redis.Redis.from_url(redis_url) as client:
        await client.flushall()
        yield client
