"""Private servers and processes of ours, only those that one measurement needs."""

import asyncio
import base64
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from adapters.mongo import database_of, open_client
from adapters.mongo_schema import ensure_schema
from bench.system import settings_of
from workers.access import access_tokens
from workers.settings import Settings
from workers.stack import servers
from workers.stack.children import Child, Launch
from workers.stack.instance import Instance
from workers.stack.ports import LOOPBACK, answers, free_port
from workers.stack.probes import http_answers
from workers.stack.servers import Server

_START_TIMEOUT_S = 60.0
_SETTING_OF = {
    "redis": "BOTCORE_REDIS_URL",
    "mongodb": "BOTCORE_MONGODB_URL",
    "rabbitmq": "BOTCORE_RABBITMQ_URL",
    "temporal": "BOTCORE_TEMPORAL_ADDRESS",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Redis, MongoDB and a stand-in venue that run, and a place for processes of ours."""

    settings: Settings
    environment: dict[str, str]
    directory: Path
    stack: ExitStack
    venue: "StandIn"

    def start(
        self, module: str, *arguments: str, is_ready: Callable[[Child], bool], **more: str
    ) -> Child:
        """Start `python -m module`, and return when it serves; it ends with the stage."""
        launch = Launch((sys.executable, "-m", module, *arguments), {**self.environment, **more})
        log = self.directory / f"{module}-{secrets.token_hex(2)}.log"
        child = Child(module, launch, log)
        self.stack.callback(child.stop)
        child.wait_ready(lambda: is_ready(child), _START_TIMEOUT_S)
        return child

    def start_listening(self, module: str, *arguments: str) -> tuple[Child, int]:
        """Start a program that takes a port as its first argument."""
        port = free_port()
        child = self.start(
            module, str(port), *arguments, is_ready=lambda _child: answers(LOOPBACK, port)
        )
        return child, port

    def start_gateway(self) -> tuple[Child, str]:
        """Start the real gateway; return its address, too."""
        address = f"{LOOPBACK}:{self.settings.gateway_port}"
        child = self.start(
            "workers.gateway", is_ready=lambda _child: http_answers(f"http://{address}/readyz")
        )
        return child, address

    def tokens(self, count: int) -> list[str]:
        """Return access tokens of so many users."""
        issuer = access_tokens(self.settings)
        return [issuer.issue(f"reader-{number}", (), "bench") for number in range(count)]


@asynccontextmanager
async def private_stage(*more: Server) -> AsyncIterator[Stage]:
    """Start Redis, MongoDB and more in a temporary directory, and end all that was started."""
    with tempfile.TemporaryDirectory(prefix="botcore-bench-") as root, ExitStack() as stack:
        directory = Path(root)
        running = {}
        for server in (servers.REDIS, servers.MONGODB, *more):
            running[server.name] = Instance(server, directory / server.name)
            stack.callback(running[server.name].stop)
            running[server.name].create()
        environment = {
            **{_SETTING_OF[name]: instance.url for name, instance in running.items()},
            "BOTCORE_EXCHANGE_URL": f"http://{LOOPBACK}:{free_port()}",
            "BOTCORE_API_PORT": str(free_port()),
            "BOTCORE_GATEWAY_PORT": str(free_port()),
            "BOTCORE_JWT_SECRET": secrets.token_urlsafe(48),
            "BOTCORE_CREDENTIALS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        settings = settings_of(environment)
        client = open_client(settings.mongodb_url)
        await ensure_schema(database_of(client, settings.mongodb_database))
        client.close()
        async with httpx.AsyncClient(base_url=settings.exchange_url, timeout=30) as http:
            stage = Stage(settings, environment, directory, stack, StandIn(http))
            port = settings.exchange_url.rpartition(":")[2]
            stage.start(
                "bench.market.stand_in_venue",
                port,
                is_ready=lambda _child: http_answers(f"{settings.exchange_url}/api/v3/ping"),
            )
            yield stage


class StandIn:
    """The stand-in venue's own calls, seen from here."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, path: str, **asked: float) -> dict[str, Any]:
        """Make one of them."""
        answer = await self._http.get(f"/bench/{path}", params=asked)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def done(self) -> int:
        """Return how many messages were sent, once all were."""
        # Another process's state announces nothing.
        while (state := await self.ask("state"))["busy"]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        return int(state["sent"])
