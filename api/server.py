"""uvicorn, with the two things that it leaves open: slow headers and a gentle shutdown."""

import asyncio
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workers.settings import Settings

KEEP_ALIVE_S = 75
# Requests that still run this long after the drain are cancelled; their workflows go on.
GRACEFUL_SHUTDOWN_S = 10


def server_for(app: FastAPI, settings: Settings) -> "DrainingServer":
    """Make the server of this application; logging stays as the process has set it up."""

    class Protocol(TimedHeadersProtocol):
        header_timeout_s = settings.request_timeout_s

    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # X-Forwarded-For is read where it matters, and only from proxies that are named.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
    return DrainingServer(config, app, settings.shutdown_drain_s)


class DrainingServer(uvicorn.Server):
    """Fails `/readyz` for a moment before it refuses connections, so that proxies move away.

    A second signal ends the wait.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as in the base
        """Begin to drain at the first signal, stop at the second, drop everything at the third.

        The base raises the signal again once it has stopped, as if it had killed the
        process; this one was obeyed, and the process ends well.
        """
        if self.should_exit:
            self.force_exit = True
        elif self._draining or not self._begin_to_drain():
            self.should_exit = True

    def _begin_to_drain(self) -> bool:
        services = getattr(self._app.state, "services", None)
        if services is None:
            return False
        self._draining = True
        services.readiness.draining = True
        loop = asyncio.get_running_loop()
        # A signal handler may only poke the loop.
        loop.call_soon_threadsafe(loop.call_later, self._drain_s, self._stop)
        return True

    def _stop(self) -> None:
        self.should_exit = True


class TimedHeadersProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers take too long (slow loris)."""

    header_timeout_s: float
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in the base
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the headers of a request on a connection that was idle."""
        self._expect_headers()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop waiting; the body is bounded by the edge middleware."""
        self._stop_waiting()
        super().on_headers_complete()

    def _expect_headers(self) -> None:
        self._stop_waiting()
        self._header_timer = self.loop.call_later(self.header_timeout_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
