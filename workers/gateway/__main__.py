"""`python -m workers.gateway`: serve WebSockets until told to stop."""

import asyncio
import signal

import uvloop

from workers.access import access_tokens
from workers.connections import Need, open_connections
from workers.gateway.protocol import Limits
from workers.gateway.server import Gateway
from workers.logs import configure_logs
from workers.readiness import announce_ready
from workers.settings import Settings


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_connections(settings, {Need.REDIS}) as connections:
        gateway = Gateway(settings, connections.redis, access_tokens(settings), Limits())
        async with gateway.serve():
            announce_ready()
            await stop.wait()


def main() -> None:
    """Read the settings and run."""
    settings = Settings()
    configure_logs(settings.log_level)
    uvloop.run(_run(settings))


if __name__ == "__main__":
    main()
