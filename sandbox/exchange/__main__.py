"""`python -m sandbox.exchange`."""

import logging
import sys

import structlog
import uvloop

from sandbox.exchange.app import serve
from sandbox.exchange.settings import parse


def main() -> None:
    """Run the exchange; log lines go to stderr as JSON."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    uvloop.run(serve(parse()))


if __name__ == "__main__":
    main()
