"""One RabbitMQ for all tests, also where several processes run them: its boot is the dearest.

Its virtual hosts are made when it boots; each belongs to one test. A test that must break
a broker starts its own.
"""

import base64
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
from workers.stack.servers import Place

# More than there are tests that need one; each costs a little all the time.
VHOSTS = 48
_INPUT = "rabbitmq"


class Broker:
    """The running server, which belongs to the process that made it."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="rabbitmq-")
        self.place = Place(free_port(), Path(self._directory.name))
        log = self.place.directory / "rabbitmq.log"
        self._child = Child("rabbitmq", _with_vhosts(self.place), log)

    def stop(self) -> None:
        self._child.stop()
        self._directory.cleanup()


_BROKER = pytest.StashKey[Broker]()


def _broker_of(config: pytest.Config) -> Broker:
    if _BROKER not in config.stash:
        config.stash[_BROKER] = Broker()
    return config.stash[_BROKER]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process that will run tests where the broker is; it boots meanwhile."""
    place = _broker_of(node.config).place
    node.workerinput[_INPUT] = (place.port, str(place.directory))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started here."""
    if _BROKER in config.stash:
        config.stash[_BROKER].stop()


@pytest.fixture(scope="session")
def broker_place(request: pytest.FixtureRequest) -> Place:
    """Return where the broker serves: the one that this process was told of, or its own."""
    told = getattr(request.config, "workerinput", {}).get(_INPUT)
    place = Place(told[0], Path(told[1])) if told else _broker_of(request.config).place
    deadline = time.monotonic() + servers.RABBITMQ.timeout_s
    while not servers.RABBITMQ.is_ready(place):
        assert time.monotonic() < deadline, "RabbitMQ is not ready"
        time.sleep(0.05)
    return place


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
