"""A sandbox server that the tests of the sandbox start as a process counts in the coverage, too.

Measured, it starts 1.4 s later; who is killed reports nothing.
"""

import dataclasses
import os
import secrets
from collections.abc import Sequence

from workers.stack.children import Launch
from workers.stack.servers import Place, Server

_FOLDER = "SLIPCOVER_COVERAGE_DIR"


def measured_command(command: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return a Python command with its coverage reported at its end, and what its environment gets.

    Where nothing is measured it is the command itself.
    """
    folder = os.environ.get(_FOLDER)
    if not folder:
        return tuple(command), {}
    # The controller merges every report of such a name.
    report = f"{folder}/coverage-gw-{secrets.token_hex(4)}.json"
    python, *module = command
    options = ("--branch", "--source", "sandbox", "--json", "--out", report)
    # Whoever knows that folder deletes it at the end.
    return (python, "-m", "slipcover", *options, *module), {_FOLDER: ""}


def measured(server: Server) -> Server:
    """Return a server that is started so."""

    def launch(place: Place) -> Launch:
        plain = server.launch(place)
        command, environment = measured_command(plain.command)
        return dataclasses.replace(
            plain, command=command, environment={**plain.environment, **environment}
        )

    return dataclasses.replace(server, launch=launch)
