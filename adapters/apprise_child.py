"""`python -m adapters.apprise_child`: apprise in a process of its own, each job in a fork.

Apprise knows some two hundred services, and what users write decides which of them runs with
which parameters. None of that code can be stopped once it waits for a slow server, and some
of it would read files, start programs, or speak to our own network. So it runs here: without
our settings, and each job in a fork that may connect to public addresses only, open nothing
outside of Python's own files, start nothing, write nothing, and not outlive its alarm.

Reads one JSON object a line on stdin, writes one a line on stdout:
`{"id", "job": "check"|"send", "url", "title"?, "body"?, "allowed"?, "timeout_s"}` →
`{"id", "status": "ok"|"failed"|"refused"|"late", "detail", "schema"?, "hosts"?}`.
`{"id", "job": "end"}` ends the job of that id, which then answers; the end of stdin ends them all.
"""

import contextlib
import json
import logging
import mimetypes
import os
import resource
import selectors
import signal
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, NoReturn

from domain.outbound_addresses import Network, address_of, may_connect

# Local notifications, whatever listens on this machine, and what users could load code with.
REFUSED_SCHEMAS: Final = frozenset({
    *("dbus", "kde", "qt", "glib", "gnome", "gio", "windows", "macosx", "syslog", "rsyslog"),
    *("blink1", "growl", "vapid"),
})  # fmt: skip
_NO_MORE_THAN_S: Final = 60
_MEMORY_BYTES: Final = 1 << 30
_FORBIDDEN: Final = frozenset({
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
    *("os.forkpty", "pty.spawn", "socket.bind", "ctypes.dlopen", "os.remove", "os.rename"),
    *("os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.kill"),
    *("os.truncate", "os.mkfifo", "os.mknod", "sqlite3.connect", "signal.pthread_kill"),
})  # fmt: skip
_OUTGOING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})

Job = dict[str, Any]
Answer = dict[str, Any]


def main() -> None:
    """Serve until stdin ends."""
    logging.disable(logging.CRITICAL)  # what apprise logs holds addresses and tokens
    mimetypes.init()  # reads the system's table, which no fork may
    plugins = _plugins()
    for schema in REFUSED_SCHEMAS & set(plugins):
        plugins[schema].enabled = False
    _write({"id": None, "status": "ok", "detail": f"{len(plugins)} schemas"})
    _Forks().serve()


def _plugins() -> dict[str, Any]:
    import apprise  # noqa: PLC0415 - only this process may ever load it

    manager: Any = apprise.manager_plugins.NotificationManager
    plugins = manager()
    return {schema: plugins[schema] for schema in plugins.schemas()}


class _Forks:
    """Runs each job in a fork and writes down how it ended."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[Job, int]] = {}
        self._pending = b""

    def serve(self) -> None:
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            selector.register(wake_read, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == wake_read:
                        with contextlib.suppress(BlockingIOError):
                            os.read(wake_read, 4_096)
                    elif not self._read():
                        # What goes on now, somebody else sends as well.
                        self._end(set(self._running))
                        return
                self._reap()

    def _read(self) -> bool:
        piece = os.read(sys.stdin.fileno(), 65_536)
        self._pending += piece
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            job = json.loads(line)
            if job["job"] == "end":
                self._end(
                    {each for each, (its, _) in self._running.items() if its["id"] == job["id"]}
                )
            else:
                self._begin(job)
        return bool(piece)

    def _end(self, processes: set[int]) -> None:
        for process in processes:
            # Not waited for yet, so that the number is still that of our fork.
            os.kill(process, signal.SIGKILL)

    def _begin(self, job: Job) -> None:
        answer_read, answer_write = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(answer_read)
            _run_alone(job, answer_write)
        os.close(answer_write)
        self._running[process] = (job, answer_read)

    def _reap(self) -> None:
        while self._running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            job, answer_read = self._running.pop(process)
            with os.fdopen(answer_read, "rb") as pipe:
                said = pipe.read()
            _write({"id": job["id"], **_outcome(said, status)})


def _outcome(said: bytes, status: int) -> Answer:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return {"status": "late", "detail": "it took too long"}
    try:
        answer: Answer = json.loads(said)
    except ValueError:
        return {"status": "failed", "detail": "it ended without an answer"}
    return answer


def _run_alone(job: Job, answer_write: int) -> NoReturn:
    """Do one job as a process that ends with it; never returns to the loop that forked it."""
    try:
        signal.set_wakeup_fd(-1)
        signal.setitimer(signal.ITIMER_REAL, min(float(job["timeout_s"]), _NO_MORE_THAN_S))
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.dup2(0, 2)
        answer = _check(job) if job["job"] == "check" else _send(job)
    except BaseException as error:  # noqa: BLE001 - nothing may climb into the parent's loop
        answer = {"status": "failed", "detail": type(error).__name__}
    with contextlib.suppress(OSError):
        os.write(answer_write, json.dumps(answer).encode())
    os._exit(0)


def _check(job: Job) -> Answer:
    guard = _Guard([])
    guard.begin()
    target = _instantiate(job["url"])
    if target is None:
        return {"status": "refused", "detail": "apprise cannot read this address"}
    return {"status": "ok", "detail": "", "schema": target.schema, "hosts": _hosts(target)}


def _send(job: Job) -> Answer:
    import apprise  # noqa: PLC0415 - only this process may ever load it

    guard = _Guard([ip_network(each) for each in job["allowed"]])
    guard.begin()
    target = _instantiate(job["url"])
    if target is None:
        return {"status": "refused", "detail": "apprise cannot read this address"}
    service = apprise.Apprise(asset=target.asset)
    service.add(target)
    is_sent = service.notify(job["body"], job["title"], body_format=apprise.NotifyFormat.TEXT)
    if is_sent:
        return {"status": "ok", "detail": ""}
    if guard.stopped:
        return {"status": "refused", "detail": guard.stopped}
    return {"status": "failed", "detail": "the service did not take it"}


def _instantiate(url: str) -> Any:
    import apprise  # noqa: PLC0415 - only this process may ever load it

    asset = apprise.AppriseAsset(
        app_id="Bot Core",
        app_desc="Bot Core",
        app_url="",
        async_mode=False,
        http_redirects=False,
        plugin_paths=[],
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    target = apprise.Apprise.instantiate(url, asset=asset)
    if target is not None:
        # What the address itself may ask for, users do not decide.
        target.redirects = False
        target.verify_certificate = True
        target.socket_connect_timeout = target.socket_read_timeout = 5.0
    return target


def _hosts(target: Any) -> list[str]:
    """Return where a target connects to, as far as its user chooses that."""
    if "host" not in target.template_tokens:
        return []
    host = getattr(target, "smtp_host", "") or target.host
    return [host] if host else []


class _Guard:
    """Confines this process, for good: an audit hook cannot be taken out again."""

    def __init__(self, allowed: list[Network]) -> None:
        self._allowed = allowed
        self._readable = tuple(
            f"{Path(each).resolve()}{os.sep}"
            for each in (sys.prefix, sys.base_prefix, Path(os.__file__).parent)
        )
        self.stopped = ""

    def begin(self) -> None:
        """Confine."""
        for what, most in (
            (resource.RLIMIT_AS, _MEMORY_BYTES),
            (resource.RLIMIT_CPU, _NO_MORE_THAN_S),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _OUTGOING:
            self._look_at_address(arguments[1])
        elif event == "open":
            self._look_at_file(*arguments)
        elif event in _FORBIDDEN:
            self._stop(f"{event} is not allowed")

    def _look_at_address(self, name: Any) -> None:
        address = address_of(str(name[0])) if isinstance(name, tuple) else None
        if address is None or not may_connect(address, self._allowed):
            self._stop("the address is not public")

    def _look_at_file(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or set(mode or "r") & set("wax+")
        # Not through pathlib, whose own calls would come here again.
        if writes or not os.path.realpath(os.fsdecode(path)).startswith(self._readable):
            self._stop("files are not allowed")

    def _stop(self, why: str) -> NoReturn:
        self.stopped = why
        raise PermissionError(why)


def _write(answer: Answer) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
