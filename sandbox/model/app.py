"""The server: one port for the API and its control."""

import asyncio
import logging
import signal
from typing import Final

from aiohttp import web

from sandbox.model.completions import Model
from sandbox.model.control import Control
from sandbox.model.limits import Limits
from sandbox.model.rest import Rest
from sandbox.model.settings import Settings

_log = logging.getLogger("sandbox.model")
_MOST_BODY: Final = 16 * 1024**2


def build(settings: Settings) -> web.Application:
    """The routes of one model."""
    limits = Limits(settings.requests_per_minute, settings.tokens_per_minute)
    model = Model(settings.names, limits)
    app = web.Application()
    app.add_subapp("/v1/", _api(Rest(model, settings.key)))
    app.add_subapp("/sandbox/", _control(Control(model)))
    return app


def _api(rest: Rest) -> web.Application:
    api = web.Application(middlewares=[rest.dress], client_max_size=_MOST_BODY)
    api.router.add_post("/chat/completions", rest.complete)
    api.router.add_get("/models", rest.list_models)
    api.router.add_get("/models/{name}", rest.one_model)
    return api


def _control(control: Control) -> web.Application:
    app = web.Application()
    app.router.add_post("/faults", control.add_fault)
    app.router.add_get("/faults", control.faults)
    app.router.add_delete("/faults", control.clear_faults)
    app.router.add_delete("/faults/{fault_id}", control.clear_fault)
    app.router.add_get("/calls", control.calls)
    app.router.add_delete("/calls", control.clear_calls)
    return app


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(build(settings), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    found = {"address": runner.addresses[0], "models": settings.names}
    _log.info("listening", extra={"fields": found})
    await stopped.wait()
    _log.info("stopping")
    await runner.cleanup()
