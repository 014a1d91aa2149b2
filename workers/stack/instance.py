"""One private instance of a server that can be started, killed and started again."""

import signal
from pathlib import Path

from workers.stack.children import Child, StartError
from workers.stack.ports import free_port
from workers.stack.servers import Place, Server

# Another process may take a port between the moment it was found free and its use.
_START_ATTEMPTS = 3


class Instance:
    """A server of one kind with a port and a directory of its own.

    Address and files stay the same over `stop`/`kill` and `start`.
    """

    def __init__(self, server: Server, directory: Path) -> None:
        """Choose its place under `directory`; nothing is started."""
        self.server = server
        self.directory = directory
        self._place = self._choose_place()
        self._child: Child | None = None

    @property
    def place(self) -> Place:
        """Where it lives."""
        return self._place

    @property
    def url(self) -> str:
        """The value for the setting that names this server."""
        return self.server.url_at(self._place)

    @property
    def child(self) -> Child:
        """The running process.

        Raises:
            RuntimeError: it does not run.
        """
        if self._child is None:
            raise RuntimeError(f"{self.server.name} does not run")
        return self._child

    def create(self) -> None:
        """Start it for the first time, on another port when its own was taken meanwhile."""
        for attempt in range(1, _START_ATTEMPTS + 1):
            try:
                self.start()
            except StartError:
                if attempt == _START_ATTEMPTS:
                    raise
                self._place = self._choose_place()
            else:
                return

    def start(self) -> None:
        """Start it and return when it serves.

        Raises:
            StartError: it ended or stayed silent; nothing of it is left running.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        log = self.directory.with_suffix(".log")
        self._child = Child(self.server.name, self.server.launch(self._place), log)
        try:
            self._child.wait_ready(lambda: self.server.is_ready(self._place), self.server.timeout_s)
        except BaseException:
            self.stop()
            raise

    def terminate(self) -> None:
        """Ask it to end, without waiting; nothing happens when it does not run."""
        if self._child is not None:
            self._child.terminate()

    def stop(self) -> None:
        """End it cleanly; nothing happens when it does not run."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.child.signal(signal.SIGKILL)
        self.stop()

    def _choose_place(self) -> Place:
        return Place(free_port(), self.directory, free_port())
