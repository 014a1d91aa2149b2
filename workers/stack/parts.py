"""The table of everything that the local stack runs. Adding a part is adding one entry."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from workers.settings import Settings
from workers.stack import servers
from workers.stack.children import Child, Launch
from workers.stack.probes import http_answers
from workers.stack.servers import Place, Server

_SERVER_NAMES = ("mongodb", "redis", "rabbitmq", "temporal", "exchange")


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the local stack.

    Attributes:
        name: the part's name, also that of its service in docker-compose.yml, of its log
            and of its directory.
        title: what people read.
        setting: the `Settings` field that holds its address or port; empty for a worker
            that listens nowhere.
        launch: what to execute at its place.
        is_ready: whether it serves, asked again and again while it starts.
        after: the parts that must be ready before it is started.
        ui_setting: the field with the address of its page for people, if it has one.
        ours: whether it runs code of this project, as opposed to a server that may
            already run elsewhere and is then used as it is.
        wanted: whether it is part of the stack with these settings.
        timeout_s: how long it may take to be ready.
    """

    name: str
    title: str
    setting: str
    launch: Callable[[Place], Launch]
    is_ready: Callable[[Place, Child], bool]
    after: tuple[str, ...] = ()
    ui_setting: str = ""
    ours: bool = False
    wanted: Callable[[Settings], bool] = lambda _settings: True
    timeout_s: float = 90.0


def _server(title: str, setting: str, server: Server, *, ui_setting: str = "") -> Part:
    return Part(
        server.name,
        title,
        setting,
        server.launch,
        lambda place, _child: server.is_ready(place),
        ui_setting=ui_setting,
        timeout_s=server.timeout_s,
    )


def _run_module(module: str) -> Callable[[Place], Launch]:
    return lambda _place: Launch((sys.executable, "-m", module))


def _http_process(name: str, title: str, setting: str, module: str, after: tuple[str, ...]) -> Part:
    """Return a process of ours that says over HTTP when it is ready."""
    return Part(
        name,
        title,
        setting,
        _run_module(module),
        lambda place, _child: http_answers(f"http://{place.address}/readyz"),
        after=after,
        ours=True,
    )


def _worker(name: str, title: str, module: str, after: tuple[str, ...]) -> Part:
    """Return a process of ours that listens nowhere and announces that it is ready."""
    return Part(
        name,
        title,
        "",
        _run_module(module),
        lambda _place, child: child.announced,
        after=after,
        ours=True,
    )


PARTS: tuple[Part, ...] = (
    # The slowest first: starts are made in this order.
    _server("RabbitMQ", "rabbitmq_url", servers.RABBITMQ),
    _server("Temporal", "temporal_address", servers.TEMPORAL, ui_setting="temporal_ui_url"),
    _server("MongoDB", "mongodb_url", servers.MONGODB),
    _server("Redis", "redis_url", servers.REDIS),
    replace(
        _server("sandbox exchange", "exchange_url", servers.EXCHANGE),
        wanted=lambda settings: settings.venue == "sandbox",
    ),
    replace(
        _server("sandbox model", "model_url", servers.MODEL),
        wanted=lambda settings: settings.uses_sandbox_model,
    ),
    _server("object storage", "s3_endpoint_url", servers.S3),
    _worker("streaming", "market streams", "workers.streaming", ("redis", "exchange")),
    _worker(
        "paper-market",
        "paper market",
        "workers.paper_market",
        ("redis", "temporal", "exchange"),
    ),
    _http_process("gateway", "WebSocket gateway", "gateway_port", "workers.gateway", ("redis",)),
    _http_process("api", "API", "api_port", "api", _SERVER_NAMES),
    _worker("trading", "trading worker", "workers.trading", _SERVER_NAMES),
    _worker(
        "user-data", "account streams", "workers.user_data", ("mongodb", "temporal", "exchange")
    ),
    _worker("logging", "event log", "workers.logging_consumer", ("rabbitmq", "mongodb")),
    _worker("analytics", "signal counts", "workers.analytics_consumer", ("rabbitmq", "mongodb")),
    _worker(
        "notifications",
        "notifications",
        "workers.notification_consumer",
        ("rabbitmq", "mongodb"),
    ),
    _worker("archival", "archival worker", "workers.archival", ("mongodb", "temporal", "s3")),
)
