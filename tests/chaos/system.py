"""The whole system as real processes, on private ports and in a private directory."""

import asyncio
import base64
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chaos.links import Link
from workers.stack import servers
from workers.stack.children import Child, Launch
from workers.stack.ports import free_port
from workers.stack.probes import http_answers
from workers.stack.servers import Place, Server

_POLL_S = 0.05
_START_TIMEOUT_S = 60.0
_DOWN_S = 10.0
SERVERS = (servers.RABBITMQ, servers.TEMPORAL, servers.MONGODB, servers.REDIS, servers.EXCHANGE)
# What reaches every server directly.
BACKGROUND = (
    "workers.streaming",
    "workers.paper_market",
    "workers.gateway",
    "workers.user_data",
    "workers.logging_consumer",
    "workers.analytics_consumer",
    "workers.notification_consumer",
)


class Program:
    """One process: started, frozen, killed and started again at the same place."""

    def __init__(
        self, name: str, launch: Callable[[], Launch], is_ready: Callable[[Child], bool], log: Path
    ) -> None:
        self.name = name
        self._launch = launch
        self._is_ready = is_ready
        self._log = log
        self._child: Child | None = None

    async def start(self) -> None:
        """Start it and return when it serves."""
        # Children are tied to the thread that starts them: this one, which stays.
        self._child = Child(self.name, self._launch(), self._log)
        waited_s = 0.0
        while not await asyncio.to_thread(self._is_ready, self._child):
            self._child.require_alive(waited_s, _START_TIMEOUT_S)
            await asyncio.sleep(_POLL_S)
            waited_s += _POLL_S

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does; it does not notice."""
        self._running.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running.signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL."""
        child, self._child = self._running, None
        child.signal(signal.SIGKILL)
        child.stop()

    async def stop(self) -> None:
        """End it, if it runs; it may need its links for that."""
        child, self._child = self._child, None
        if child is not None:
            await asyncio.to_thread(child.stop)

    @property
    def _running(self) -> Child:
        assert self._child is not None, f"{self.name} does not run"
        return self._child


@asynccontextmanager
async def down(program: Program) -> AsyncIterator[None]:
    """Kill a server, and start it again ten seconds later; what happens inside happens then."""
    program.kill()
    over = asyncio.get_running_loop().time() + _DOWN_S
    try:
        yield
    finally:
        await asyncio.sleep(over - asyncio.get_running_loop().time())
        await program.start()


class Links:
    """One process's way to each server."""

    def __init__(self, places: dict[str, Place]) -> None:
        self.mongodb = Link(places["mongodb"].port)
        self.redis = Link(places["redis"].port)
        self.rabbitmq = Link(places["rabbitmq"].port)
        self.temporal = Link(places["temporal"].port)
        self.exchange = Link(places["exchange"].port)

    @property
    def all(self) -> tuple[Link, ...]:
        return (self.mongodb, self.redis, self.rabbitmq, self.temporal, self.exchange)

    def environment(self) -> dict[str, str]:
        return addresses(*(link.port for link in self.all))


class System:
    """MongoDB, Redis, RabbitMQ, Temporal, the exchange, and every process of ours.

    The API and the trading worker, who place orders, each have links of their own.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.places = {
            server.name: Place(free_port(), directory / server.name, free_port())
            for server in SERVERS
        }
        self.servers = {server.name: self._server(server) for server in SERVERS}
        self.api_links, self.worker_links = Links(self.places), Links(self.places)
        self.api_port, gateway_port = free_port(), free_port()
        ports = [self.places[name].port for name in ADDRESS_ORDER]
        self.environment = addresses(*ports) | {
            "BOTCORE_JWT_SECRET": secrets.token_hex(32),
            "BOTCORE_CREDENTIALS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "BOTCORE_API_PORT": str(self.api_port),
            "BOTCORE_GATEWAY_PORT": str(gateway_port),
            "BOTCORE_REGISTRATIONS_PER_ADDRESS": "10000",
            "BOTCORE_SHUTDOWN_DRAIN_S": "0",
        }
        self.api = self._program("api", self.api_links, f"{self.api_url}/readyz")
        self.worker = self._program("workers.trading", self.worker_links)
        gateway_ready = f"http://127.0.0.1:{gateway_port}/readyz"
        self.background = {
            module: self._program(module, None, gateway_ready if "gateway" in module else None)
            for module in BACKGROUND
        }

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def exchange_url(self) -> str:
        return f"http://{self.places['exchange'].address}"

    async def start(self) -> None:
        """Start everything."""
        for link in (*self.api_links.all, *self.worker_links.all):
            await link.open()
        await asyncio.gather(*(server.start() for server in self.servers.values()))
        ours = (self.api, self.worker, *self.background.values())
        await asyncio.gather(*(program.start() for program in ours))

    async def stop(self) -> None:
        """End everything."""
        programs = [self.api, self.worker, *self.background.values()]
        await asyncio.gather(*(program.stop() for program in programs))
        for link in (*self.api_links.all, *self.worker_links.all):
            await link.cut()
        await asyncio.gather(*(server.stop() for server in self.servers.values()))

    def _server(self, server: Server) -> Program:
        place = self.places[server.name]
        place.directory.mkdir()
        return Program(
            server.name,
            lambda: server.launch(place),
            lambda _child: server.is_ready(place),
            self._directory / f"{server.name}.log",
        )

    def _program(self, module: str, links: Links | None, ready_url: str | None = None) -> Program:
        def launch() -> Launch:
            environment = self.environment | (links.environment() if links else {})
            # The history of each is fetched at the start, while the first orders are placed.
            environment["BOTCORE_TIMEFRAMES"] = '["1m"]'
            # A thread for every operation that is held at the same time: with motor's own
            # number (five a core) the last one waits until the first has timed out.
            environment["MOTOR_MAX_WORKERS"] = "32"
            return Launch((sys.executable, "-m", module), environment)

        def is_ready(child: Child) -> bool:
            return http_answers(ready_url) if ready_url else child.announced

        return Program(module, launch, is_ready, self._directory / f"{module}.log")


ADDRESS_ORDER = ("mongodb", "redis", "rabbitmq", "temporal", "exchange")


def addresses(
    mongodb: int, redis: int, rabbitmq: int, temporal: int, exchange: int
) -> dict[str, str]:
    """Return the settings that name the servers, by their ports."""
    return {
        # The replica set would tell its own address, which leads past a link.
        "BOTCORE_MONGODB_URL": f"mongodb://127.0.0.1:{mongodb}/?directConnection=true",
        "BOTCORE_REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "BOTCORE_RABBITMQ_URL": f"amqp://guest:guest@127.0.0.1:{rabbitmq}/",
        "BOTCORE_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
        "BOTCORE_EXCHANGE_URL": f"http://127.0.0.1:{exchange}",
    }
