"""One `make run`, from the first progress line to the last child's end."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

from rich.console import Console
from rich.markup import escape

from workers.settings import Settings
from workers.stack.addresses import Placed, place_parts
from workers.stack.parts import PARTS
from workers.stack.run_directory import RunDirectory
from workers.stack.supervisor import POLL_S, Reports, Supervisor

# The people whom the sandbox knows (API.md).
_DEMO_EMAILS = ("demo@example.com", "operator@example.com")
_DEMO_PASSWORD = "botcore-demo"  # noqa: S105 - public, and seeded on the sandbox only
_EXIT_INTERRUPTED = 130


class _StopRequest:
    """Whether Ctrl-C or SIGTERM has been asked for."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self.signal_number = number

    def __bool__(self) -> bool:
        return self.signal_number is not None


def run_stack(directory: RunDirectory, console: Console, *, exit_after_tour: bool) -> int:
    """Start everything, take the tour, stay until asked to stop, and end everything.

    Returns:
        The exit code: the tour's with `exit_after_tour`, else 0.

    Raises:
        AddressError: a port is taken; nothing was started.
        StartError: a part did not come up; nothing is left running.
    """
    stop_request = _StopRequest()
    for name, value in directory.secrets().items():
        os.environ.setdefault(name, value)
    # Whoever tries webhooks here receives them here.
    os.environ.setdefault("BOTCORE_NOTIFICATION_NETWORKS", '["127.0.0.0/8", "::1/128"]')
    settings = Settings()
    began = time.monotonic()
    placed = place_parts(PARTS, settings, directory.data)
    supervisor = Supervisor(placed, directory, _reports(console))
    try:
        while not supervisor.all_ready and not stop_request:
            supervisor.start_step()
            time.sleep(POLL_S)
        if stop_request:
            return _EXIT_INTERRUPTED
        directory.publish(settings)
        console.print(f"\nready in {time.monotonic() - began:.1f} s\n", style="bold")
        _show_addresses(console, placed, settings)
        tour_code = _take_tour(supervisor, directory, stop_request)
        if exit_after_tour:
            return tour_code
        if not stop_request:
            console.print(f"\nthe dashboard is at {settings.api_url}", style="bold", markup=False)
            console.print("Ctrl-C ends it; make tour, in another terminal, takes the tour again")
        while not stop_request:
            supervisor.watch_step()
            time.sleep(POLL_S)
        return 0
    finally:
        console.print("\nstopping", style="bold")
        supervisor.stop()


def _reports(console: Console) -> Reports:
    def ready(placed: Placed, seconds: float) -> None:
        how = "in use as it is" if placed.external else f"{seconds:.1f} s"
        console.print(
            f"  [green]✓[/] {placed.part.title:18} {escape(placed.shown):48} [dim]{how}[/]"
        )

    def ended(placed: Placed, exit_code: int | None, backoff_s: float) -> None:
        how = "stayed silent" if exit_code is None else f"ended with {exit_code}"
        console.print(
            f"  [red]✗[/] {placed.part.title} {how}; starting it again in {backoff_s:g} s"
            f" (.run/logs/{placed.part.name}.log)"
        )

    def back(placed: Placed, seconds: float) -> None:
        console.print(f"  [green]✓[/] {placed.part.title} is back [dim]{seconds:.1f} s[/]")

    return Reports(ready, ended, back)


def _show_addresses(console: Console, placed: list[Placed], settings: Settings) -> None:
    rows = [
        ("Dashboard", settings.api_url),
        ("API, its pages", f"{settings.api_url}/docs"),
        ("WebSocket", settings.websocket_url),
        ("Temporal, its page", settings.temporal_ui_url),
    ]
    rows += [
        (one.part.title, one.shown)
        for one in placed
        if one.part.setting and one.part.name not in {"api", "gateway"}
    ]
    if settings.venue == "sandbox":
        rows.append(("sign in as", f"{' or '.join(_DEMO_EMAILS)}, password {_DEMO_PASSWORD}"))
    for title, value in rows:
        console.print(f"  {title:18} {escape(value)}")
    console.print()


def _take_tour(supervisor: Supervisor, directory: RunDirectory, stop_request: _StopRequest) -> int:
    """Run the tour in a process of its own while the parts are being watched."""
    command = [sys.executable, "-m", "workers.tour", "--directory", str(directory.root)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as tour:  # noqa: S603 - our own module
        while tour.poll() is None:
            if stop_request:
                tour.terminate()
            supervisor.watch_step()
            time.sleep(POLL_S)
        return tour.returncode
