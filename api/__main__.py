"""`python -m api`: the edge as a process."""

import argparse
import asyncio

import uvloop

from api.app import create_app
from api.server import server_for
from workers.logs import configure_logs
from workers.process import settle_interpreter
from workers.settings import Settings


def _settings() -> Settings:
    # mypy's pydantic plugin knows that the environment may give every field.
    settings = Settings()
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("--host", default=settings.api_host)
    parser.add_argument("--port", type=int, default=settings.api_port)
    chosen = parser.parse_args()
    return settings.model_copy(update={"api_host": chosen.host, "api_port": chosen.port})


def main() -> None:
    """Serve until a signal."""
    settings = _settings()
    configure_logs(settings.log_level)
    server = server_for(create_app(settings), settings)
    settle_interpreter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve())


if __name__ == "__main__":
    main()
