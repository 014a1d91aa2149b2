"""One RabbitMQ and one MongoDB for all tests, also where several processes run them.

Whoever starts those processes starts the servers. A virtual host belongs to one test, as each
database does. A test that must break a server starts its own.
"""

import base64
import dataclasses
import hashlib
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from workers.stack import servers
from workers.stack.children import Child, Launch
from workers.stack.ports import free_port
from workers.stack.servers import Place, Server

# More than there are tests that need one; each costs a little all the time.
VHOSTS = 48
_INPUT = "shared servers"


class SharedServers:
    """The running servers, which belong to the process that made them."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="shared-")
        self._running: dict[str, tuple[Place, Child]] = {}

    def place(self, server: Server) -> Place:
        """Return where a server is; it boots since this was first asked for."""
        if server.name not in self._running:
            place = Place(free_port(), Path(self._directory.name) / server.name)
            place.directory.mkdir()
            log = place.directory.with_suffix(".log")
            self._running[server.name] = place, Child(server.name, server.launch(place), log)
        return self._running[server.name][0]

    def stop(self) -> None:
        for _, child in self._running.values():
            child.stop()
        self._directory.cleanup()


_SHARED = pytest.StashKey[SharedServers]()


def _shared_of(config: pytest.Config) -> SharedServers:
    if _SHARED not in config.stash:
        config.stash[_SHARED] = SharedServers()
    return config.stash[_SHARED]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process that will run tests where the servers are; they boot meanwhile."""
    places = [_shared_of(node.config).place(server) for server in (_BROKER, servers.MONGODB)]
    node.workerinput[_INPUT] = {
        place.directory.name: (place.port, str(place.directory)) for place in places
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started here."""
    if _SHARED in config.stash:
        config.stash[_SHARED].stop()


def _ready(server: Server, config: pytest.Config) -> Place:
    """Return where a server serves: the one that this process was told of, or its own."""
    told = getattr(config, "workerinput", {}).get(_INPUT, {}).get(server.name)
    place = Place(told[0], Path(told[1])) if told else _shared_of(config).place(server)
    deadline = time.monotonic() + server.timeout_s
    while not server.is_ready(place):
        assert time.monotonic() < deadline, f"{server.name} is not ready"
        time.sleep(0.05)
    return place


@pytest.fixture(scope="session")
def mongodb_url(request: pytest.FixtureRequest) -> str:
    return servers.MONGODB.url_at(_ready(servers.MONGODB, request.config))


@pytest.fixture(scope="session")
def broker_place(request: pytest.FixtureRequest) -> Place:
    return _ready(_BROKER, request.config)


@pytest.fixture(scope="session")
def rabbitmq_url(broker_place: Place) -> str:
    return servers.RABBITMQ.url_at(broker_place)


@pytest.fixture
def rabbitmq_vhost_url(rabbitmq_url: str, broker_place: Place) -> str:
    """Return a broker's virtual host that nothing has used."""
    return rabbitmq_url + unused_vhost(broker_place)


def unused_vhost(place: Place) -> str:
    """Take a virtual host; whoever makes its file first has it."""
    for name in _NAMES:
        try:
            (place.directory / name).touch(exist_ok=False)
        except FileExistsError:
            continue
        return name
    raise RuntimeError(f"all {VHOSTS} virtual hosts are taken")


_NAMES = [f"test{number}" for number in range(VHOSTS)]


def _with_vhosts(place: Place) -> Launch:
    launch = servers.RABBITMQ.launch(place)
    salt = b"salt"
    digest = base64.b64encode(salt + hashlib.sha256(salt + b"guest").digest()).decode()
    names = ["/", *_NAMES]
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


# Its virtual hosts are made when it boots.
_BROKER = dataclasses.replace(servers.RABBITMQ, launch=_with_vhosts)
