"""`python -m workers.stack [run|stop|reset]`: what `make run`, `stop` and `reset` call."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from workers.stack.addresses import AddressError
from workers.stack.children import StartError
from workers.stack.programs import MissingProgramError
from workers.stack.run_directory import DEFAULT_DIRECTORY, RunDirectory
from workers.stack.session import run_stack


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="workers.stack", description="The local stack.")
    parser.add_argument("command", nargs="?", choices=("run", "stop", "reset"), default="run")
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY)
    parser.add_argument(
        "--exit-after-tour",
        action="store_true",
        default=os.environ.get("BOTCORE_RUN_ONCE", "") not in {"", "0"},
        help="end after the tour, with its exit code (also: BOTCORE_RUN_ONCE=1)",
    )
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    directory = RunDirectory(arguments.directory.absolute())
    try:
        if arguments.command == "run":
            return _run(directory, console, exit_after_tour=arguments.exit_after_tour)
        stopped = directory.stop_running()
        console.print("stopped" if stopped else "nothing was running")
        if arguments.command == "reset":
            directory.delete()
            console.print(f"deleted {directory.root.name}")
    except (AddressError, MissingProgramError, StartError, TimeoutError, ValueError) as error:
        console.print(f"✗ {error}", style="red", markup=False)
        return 1
    return 0


def _run(directory: RunDirectory, console: Console, *, exit_after_tour: bool) -> int:
    other = directory.claim()
    if other is not None:
        console.print(f"already running here (pid {other}): make stop ends it, make tour shows it")
        return 1
    try:
        return run_stack(directory, console, exit_after_tour=exit_after_tour)
    finally:
        directory.release()


if __name__ == "__main__":
    sys.exit(main())
