"""The directory that holds all that a local stack keeps: data, logs, secrets, its lock."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import signal
import time
from pathlib import Path
from typing import IO

from workers.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT_DIRECTORY = CHECKOUT / ".run"
_STOP_TIMEOUT_S = 90.0
_PUBLISHED_SETTINGS = (
    "api_host",
    "api_port",
    "mongodb_url",
    "mongodb_database",
    "redis_url",
    "rabbitmq_url",
    "rabbitmq_queue_type",
    "temporal_address",
    "temporal_ui_url",
    "temporal_namespace",
)


class RunDirectory:
    """`.run/` (or another, for tests) and what is found in it."""

    def __init__(self, root: Path) -> None:
        """Name it; nothing is created yet."""
        self.root = root
        self.data = root / "data"
        self.logs = root / "logs"
        self._lock_path = root / "stack.lock"
        self._facts_path = root / "stack.json"
        self._lock: IO[str] | None = None

    def claim(self) -> int | None:
        """Make this process the one whose stack this is, or return the pid of the other."""
        for folder in (self.data, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        lock = self._lock_path.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with lock:
                lock.seek(0)
                return int(lock.read() or 0)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        return None

    def release(self) -> None:
        """Give the directory up."""
        if self._lock is not None:
            self._facts_path.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def running_pid(self) -> int | None:
        """Return the pid of the stack that runs here, or None."""
        if not self._lock_path.exists():
            return None
        with self._lock_path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
        return None

    def stop_running(self) -> bool:
        """Stop the stack that runs here and return whether there was one.

        Raises:
            TimeoutError: it was asked and did not end.
        """
        pid = self.running_pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        while self.running_pid() is not None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the stack (pid {pid}) does not stop")
            time.sleep(0.1)
        return True

    def delete(self) -> None:
        """Delete everything in it.

        Raises:
            ValueError: it is not a directory inside the checkout.
        """
        if self.root.is_symlink() or CHECKOUT not in self.root.resolve().parents:
            raise ValueError(f"{self.root} is outside the checkout and is not deleted")
        shutil.rmtree(self.root, ignore_errors=False)

    def secrets(self) -> dict[str, str]:
        """Return this stack's secrets by variable, made once and then kept."""
        path = self.root / "secrets.env"
        if not path.exists():
            made = {
                "BOTCORE_JWT_SECRET": secrets.token_urlsafe(48),
                "BOTCORE_CREDENTIALS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            }
            _write_private(path, "".join(f"{name}={value}\n" for name, value in made.items()))
        return self.kept_secrets()

    def kept_secrets(self) -> dict[str, str]:
        """Return the secrets that were made here; none where there never was a stack."""
        path = self.root / "secrets.env"
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def publish(self, settings: Settings) -> None:
        """Write down what `make tour` and operators' commands must know of the running stack."""
        facts = settings.model_dump(mode="json", include=set(_PUBLISHED_SETTINGS))
        _write_private(self._facts_path, json.dumps(facts, indent=2))

    def published(self) -> dict[str, object]:
        """Return what `publish` wrote, or nothing when no stack runs here."""
        if self.running_pid() is None or not self._facts_path.exists():
            return {}
        facts: dict[str, object] = json.loads(self._facts_path.read_text())
        return facts

    def log_of(self, name: str) -> Path:
        """Return the log of a part."""
        return self.logs / f"{name}.log"

    def fresh_log(self, name: str) -> Path:
        """Return the log of a part, empty; the earlier run's is kept beside it."""
        log = self.log_of(name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        return log


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    partial = path.with_name(f"{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)
