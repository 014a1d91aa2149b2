"""`python -m sandbox.exchange`."""

import uvloop

from sandbox import logs
from sandbox.exchange.app import serve
from sandbox.exchange.settings import parse


def main() -> None:
    """Run the exchange until it is told to stop."""
    settings = parse()
    logs.configure()
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
