"""`python -m sandbox.model`."""

import uvloop

from sandbox import logs
from sandbox.model.app import serve
from sandbox.model.settings import parse


def main() -> None:
    """Run the model until it is told to stop."""
    settings = parse()
    logs.configure()
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
