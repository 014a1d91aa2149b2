"""`python -m workers.tour`: what `make tour` calls."""

import argparse
import asyncio
import sys
from pathlib import Path

import httpx
from aio_pika.exceptions import AMQPError
from rich.console import Console
from websockets.exceptions import WebSocketException

from workers.stack.run_directory import DEFAULT_DIRECTORY
from workers.tour.addresses import NothingRunsError, addresses_of
from workers.tour.client import RefusedError
from workers.tour.listeners import Silence
from workers.tour.steps import take_tour

_FAILURES = (
    NothingRunsError,
    RefusedError,
    Silence,
    httpx.HTTPError,
    AMQPError,
    WebSocketException,
    OSError,
)


def main() -> int:
    """Take the tour and return the exit code."""
    parser = argparse.ArgumentParser(prog="workers.tour", description=__doc__)
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY)
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    try:
        asyncio.run(take_tour(addresses_of(arguments.directory), console))
    except _FAILURES as error:
        console.print(f"✗ {str(error) or type(error).__name__}", style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
