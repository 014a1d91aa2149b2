"""Real servers for tests: started on first use, on private ports, gone at the session's end.

Session-scoped addresses: `mongodb_url`, `redis_url`, `rabbitmq_url`, `temporal_address`,
`exchange_url`, `model_url`, `s3_url`. A test that must break a server starts its own with
`start_server`.
Isolation for one test: `database`, `bare_database`, `redis_client`, `rabbitmq_vhost_url`,
`model_control`.
"""

import base64
import dataclasses
import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from adapters.mongo import Database, database_of, open_client
from tests.databases import Databases
from tests.measured import measured
from workers.stack import servers
from workers.stack.children import Launch
from workers.stack.instance import Instance
from workers.stack.servers import Place, Server

pytest_plugins = ("tests.model_control", "tests.receivers", "tests.trading_floor")
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
# Virtual hosts made when the broker boots (they cost nothing until used); one a test.
RABBITMQ_VHOSTS = 64


# Started first, so that none of them is what is still running when all else has ended.
LONGEST = ("tests/chaos", "tests/dashboard", "tests/stack", "tests/workers", "tests/api")
# Each of these in one process: its system is dear to start.
TOGETHER = ("tests/chaos", "tests/dashboard")


def pytest_configure(config: pytest.Config) -> None:
    """Try the same examples on every machine, unless a profile is asked for by name."""
    if config.getoption("--hypothesis-profile", None) is None:
        settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; the order within them stays."""

    def rank(item: pytest.Item) -> int:
        ranks = (rank for rank, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        return next(ranks, len(LONGEST))

    items.sort(key=rank)


class _TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Keeps each file in one process, and whatever shares a system of its own."""

    def _split_scope(self, nodeid: str) -> str:
        together = (folder for folder in TOGETHER if nodeid.startswith(folder))
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
        for instance in reversed(running):
            instance.stop()


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("BOTCORE_", "SANDBOX_")):
                patch.delenv(name)
        # Often enough that no price is stale; each move is work for every process behind it.
        patch.setenv("SANDBOX_STEPS_PER_S", "2")
        yield


@pytest.fixture(scope="session")
def session_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    yield from _starter(tmp_path_factory.mktemp("servers"))


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start a server for this test alone, to be killed: `start_server(servers.REDIS)`."""
    yield from _starter(tmp_path)


@pytest.fixture(scope="session")
def mongodb_url(session_servers: StartServer) -> str:
    return session_servers(servers.MONGODB).url


@pytest.fixture(scope="session")
def redis_url(session_servers: StartServer) -> str:
    return session_servers(servers.REDIS).url


@pytest.fixture(scope="session")
def rabbitmq_url(session_servers: StartServer) -> str:
    return session_servers(dataclasses.replace(servers.RABBITMQ, launch=_rabbitmq_with_vhosts)).url


@pytest.fixture(scope="session")
def temporal_address(session_servers: StartServer) -> str:
    return session_servers(servers.TEMPORAL).url


@pytest.fixture(scope="session")
def exchange_url(session_servers: StartServer) -> str:
    return session_servers(measured(servers.EXCHANGE)).url


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


@pytest.fixture(scope="session")
def _rabbitmq_vhosts() -> Iterator[str]:
    return iter([f"test{number}" for number in range(RABBITMQ_VHOSTS)])


@pytest.fixture
def rabbitmq_vhost_url(rabbitmq_url: str, _rabbitmq_vhosts: Iterator[str]) -> str:
    """Return a broker's virtual host that nothing has used."""
    return rabbitmq_url + next(_rabbitmq_vhosts)


def _rabbitmq_with_vhosts(place: Place) -> Launch:
    launch = servers.RABBITMQ.launch(place)
    salt = b"salt"
    digest = base64.b64encode(salt + hashlib.sha256(salt + b"guest").digest()).decode()
    names = ["/", *(f"test{number}" for number in range(RABBITMQ_VHOSTS))]
    everything = {"user": "guest", "configure": ".*", "write": ".*", "read": ".*"}
    definitions = {
        "users": [{
            "name": "guest",
            "password_hash": digest,
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": "administrator",
        }],
        "vhosts": [{"name": name} for name in names],
        "permissions": [{**everything, "vhost": name} for name in names],
    }  # fmt: skip
    path = place.directory / "definitions.json"
    path.write_text(json.dumps(definitions))
    with (place.directory / "rabbitmq.conf").open("a") as configuration:
        configuration.write(f"load_definitions = {path}\n")
    return launch
