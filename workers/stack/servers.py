"""The servers that are not ours: how each is started, asked for readiness and addressed.

Every one listens on loopback only and keeps everything it writes in the directory that it
is given, so that any number of them can run beside each other.
"""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.mongo_replica_set import REPLICA_SET, ensure_primary
from workers.stack.children import Launch
from workers.stack.ports import LOOPBACK, free_port
from workers.stack.probes import amqp_answers, http_answers, redis_answers
from workers.stack.programs import (
    find_mongod,
    find_rabbitmq_server,
    find_redis_server,
    find_temporal,
)

# Temporal's server, tuned for one shard on one machine. The raised poll rates take 50 ms
# off every dispatch (their defaults are per shard); one partition saves a forwarding hop.
TEMPORAL_DYNAMIC_CONFIG = (
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    # A timer is late by this (1 s otherwise), which many servers need for their clocks; one
    # server has one clock. Paper sessions record their trades behind a timer.
    'history.timerProcessorMaxTimeShift="1ms"',
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "system.enableEagerWorkflowStart=true",
)
# Room for benchmarks, where Binance's own limits (6,000 a minute, 100 in 10 s) have none.
# A variable of the exchange's own (`SANDBOX_WEIGHT_LIMIT`, …) goes first.
EXCHANGE_LIMITS = {
    "SANDBOX_WEIGHT_LIMIT": "10000000",
    "SANDBOX_ORDER_LIMIT_10S": "1000000",
    "SANDBOX_ORDER_LIMIT_1D": "100000000",
}
# The same for the model, whose own limits are those of a small account.
MODEL_LIMITS = {
    "SANDBOX_MODEL_REQUESTS_PER_MINUTE": "1000000",
    "SANDBOX_MODEL_TOKENS_PER_MINUTE": "1000000000",
}
# The search attributes by which operators find a workflow.
TEMPORAL_SEARCH_ATTRIBUTES = (
    *("UserId", "Symbol", "Side", "TradeStatus", "SessionId"),
    "DataType",
)
# The same for what has several values: the symbols of a paper session.
TEMPORAL_LIST_ATTRIBUTES = ("Symbols",)
_TEMPORAL_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
_MONGODB_CACHE_GB = "0.25"
# MongoDB keeps the open transaction of a client that died, and the account that it has
# written is closed to everyone until then (its default is 60 s). Ours take milliseconds.
MONGODB_TRANSACTION_LIFETIME_S = 5
# One scheduler that sleeps instead of spinning: quiet beside a latency benchmark.
_ERLANG_QUIET = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server lives: its port on loopback and the directory that is its own.

    `ui_port` is used by the servers that have a page for people (Temporal).
    """

    port: int
    directory: Path
    ui_port: int = 0

    @property
    def address(self) -> str:
        """The address as `host:port`."""
        return f"{LOOPBACK}:{self.port}"


@dataclass(frozen=True, slots=True)
class Server:
    """One kind of server.

    `launch` may write configuration files into the place's directory. `is_ready` blocks
    for a second at most. `url` has `{address}` in it and is what its setting holds.
    """

    name: str
    launch: Callable[[Place], Launch]
    is_ready: Callable[[Place], bool]
    url: str
    timeout_s: float = 90.0

    def url_at(self, place: Place) -> str:
        """Return the value for the setting that names this server."""
        return self.url.format(address=place.address)


def _mongodb(place: Place) -> Launch:
    return Launch((
        str(find_mongod()),
        *("--dbpath", str(place.directory)),
        *("--port", str(place.port), "--bind_ip", LOOPBACK, "--nounixsocket"),
        *("--replSet", REPLICA_SET, "--networkMessageCompressors", "disabled"),
        *("--wiredTigerCacheSizeGB", _MONGODB_CACHE_GB),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        "--setParameter", f"transactionLifetimeLimitSeconds={MONGODB_TRANSACTION_LIFETIME_S}",
    ))  # fmt: skip


def _redis(place: Place) -> Launch:
    return Launch((
        str(find_redis_server()),
        *("--port", str(place.port), "--bind", LOOPBACK, "--dir", str(place.directory)),
        *("--appendonly", "yes", "--save", "", "--daemonize", "no"),
    ))  # fmt: skip


def _rabbitmq_parts(home: Path) -> Path:
    """Make a folder with links to what the broker itself is made of, and return it.

    It reads all of every plugin that it sees, for a fifth of its start; none is used here.
    """
    parts = home / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    # Debian's bin/ has links into the release, which Ubuntu and RabbitMQ's own packages do, too.
    for part in (find_rabbitmq_server().resolve().parents[1] / "plugins").iterdir():
        if not part.name.startswith("rabbitmq_") or part.name.startswith("rabbitmq_prelaunch"):
            (parts / part.name).symlink_to(part)
    return parts


def _rabbitmq(place: Place) -> Launch:
    """Start epmd in the broker's own process group, then the broker in its place.

    Left to itself the broker would start an epmd that outlives it. The distribution
    protocol and epmd listen everywhere unless told otherwise, three times over.
    """
    epmd_port, distribution_port = free_port(), free_port()
    home = place.directory
    kernel = (
        "-kernel inet_dist_use_interface {127,0,0,1} "
        f"-kernel inet_dist_listen_min {distribution_port} "
        f"-kernel inet_dist_listen_max {distribution_port}"
    )
    configuration = home / "rabbitmq.conf"
    configuration.write_text(
        f"listeners.tcp.1 = {place.address}\n"
        "log.file = false\nlog.console = true\nlog.console.level = warning\n"
        "disk_free_limit.absolute = 100MB\n"
    )
    (home / "enabled_plugins").write_text("[].\n")
    tie = f"{shutil.which('setpriv')} --pdeathsig KILL " if shutil.which("setpriv") else ""
    script = f'{tie}epmd -address {LOOPBACK} -port {epmd_port} & exec "$0"'
    environment = {
        "HOME": str(home),
        "RUNNING_UNDER_SYSTEMD": "true",  # the launcher becomes the broker instead of waiting
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_FLAGS": f"{_ERLANG_QUIET} {kernel}",
        "RABBITMQ_NODENAME": "botcore@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
        "RABBITMQ_NODE_PORT": str(place.port),
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(configuration),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_PLUGINS_DIR": str(_rabbitmq_parts(home)),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_MNESIA_DIR": str(home / "mnesia" / "node"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(home / "feature_flags"),
    }
    command = ("/bin/sh", "-c", script, str(find_rabbitmq_server()))
    return Launch(command, environment, home)


def _temporal(place: Place) -> Launch:
    def repeated(flag: str, values: tuple[str, ...]) -> list[str]:
        return [word for value in values for word in (flag, value)]

    database = place.directory / "temporal.db"
    attributes = tuple(f"{name}=Keyword" for name in TEMPORAL_SEARCH_ATTRIBUTES)
    attributes += tuple(f"{name}=KeywordList" for name in TEMPORAL_LIST_ATTRIBUTES)
    return Launch((
        str(find_temporal()), "server", "start-dev",
        *("--ip", LOOPBACK, "--port", str(place.port), "--ui-port", str(place.ui_port)),
        *("--db-filename", str(database), "--ui-disable-news-fetch", "--log-level", "error"),
        *repeated("--sqlite-pragma", _TEMPORAL_SQLITE_PRAGMAS),
        *repeated("--search-attribute", attributes),
        *repeated("--dynamic-config-value", TEMPORAL_DYNAMIC_CONFIG),
    ))  # fmt: skip


def _s3(place: Place) -> Launch:
    """Start the stand-in for object storage; elsewhere its work is done by other machines."""
    command = (sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(place.port))
    return Launch(("nice", "-n", "10", *command), directory=place.directory)


def _exchange(place: Place) -> Launch:
    where = ("--host", LOOPBACK, "--port", str(place.port), "--directory", str(place.directory))
    limits = {name: os.environ.get(name, value) for name, value in EXCHANGE_LIMITS.items()}
    return Launch((sys.executable, "-m", "sandbox.exchange", *where), limits)


def _model(place: Place) -> Launch:
    where = ("--host", LOOPBACK, "--port", str(place.port))
    limits = {name: os.environ.get(name, value) for name, value in MODEL_LIMITS.items()}
    return Launch((sys.executable, "-m", "sandbox.model", *where), limits)


MONGODB = Server(
    "mongodb",
    _mongodb,
    lambda place: ensure_primary(LOOPBACK, place.port),
    f"mongodb://{{address}}/?replicaSet={REPLICA_SET}",
)
REDIS = Server(
    "redis", _redis, lambda place: redis_answers(LOOPBACK, place.port), "redis://{address}/0"
)
RABBITMQ = Server(
    "rabbitmq",
    _rabbitmq,
    lambda place: amqp_answers(LOOPBACK, place.port),
    "amqp://guest:guest@{address}/",
)
TEMPORAL = Server(
    "temporal",
    _temporal,
    lambda place: http_answers(f"http://{LOOPBACK}:{place.ui_port}/api/v1/namespaces/default"),
    "{address}",
)
S3 = Server(
    "s3", _s3, lambda place: http_answers(f"http://{place.address}/moto-api/"), "http://{address}"
)
EXCHANGE = Server(
    "exchange",
    _exchange,
    lambda place: http_answers(f"http://{place.address}/api/v3/ping"),
    "http://{address}",
)
MODEL = Server(
    "model",
    _model,
    lambda place: http_answers(f"http://{place.address}/sandbox/calls"),
    "http://{address}",
)
