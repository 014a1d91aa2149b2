"""Where the tour finds the running system."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.stack.run_directory import RunDirectory


class NothingRunsError(RuntimeError):
    """No stack runs in the directory, and no addresses were given."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that the tour needs; the API tells the others."""

    api: str
    rabbitmq: str


def addresses_of(directory: Path) -> Addresses:
    """Return the addresses of the stack that runs in `directory`.

    Raises:
        NothingRunsError: none does.
    """
    facts: dict[str, Any] = RunDirectory(directory).published()
    if not facts:
        raise NothingRunsError("nothing runs here: start it with make run")
    return Addresses(
        api=f"http://{facts['api_host']}:{facts['api_port']}",
        rabbitmq=facts["rabbitmq_url"],
    )
