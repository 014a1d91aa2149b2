"""`python -m workers.gateway`: serve WebSockets until told to stop."""

import asyncio

from workers.access import access_tokens
from workers.connections import Need, open_connections
from workers.gateway.protocol import Limits
from workers.gateway.server import Gateway
from workers.process import run_process
from workers.readiness import announce_ready
from workers.settings import Settings


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    async with open_connections(settings, {Need.REDIS}) as connections:
        gateway = Gateway(settings, connections.redis, access_tokens(settings), Limits())
        async with gateway.serve():
            announce_ready()
            await stop.wait()


if __name__ == "__main__":
    run_process(_serve)
