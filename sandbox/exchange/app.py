"""The server: one port for REST, the WebSocket API, streams and control."""

import asyncio
import logging
import signal
from typing import Final

from aiohttp import web

from sandbox.exchange.driver import Driver
from sandbox.exchange.market.recording import read_rows
from sandbox.exchange.market.replay import ReplaySource
from sandbox.exchange.protocol.control import Control, refuse
from sandbox.exchange.protocol.elsewhere import ELSEWHERE
from sandbox.exchange.protocol.market_control import MarketControl
from sandbox.exchange.protocol.rest import Rest
from sandbox.exchange.protocol.streams import Streams
from sandbox.exchange.protocol.ws_api import WsApi
from sandbox.exchange.settings import Settings
from sandbox.exchange.venue import Venue, now_ms

_log = logging.getLogger("sandbox.exchange")
_MOST_BODY: Final = 64 * 1024**2


def build(venue: Venue) -> web.Application:
    """The routes of one exchange."""
    rest, ws_api, streams = Rest(venue), WsApi(venue), Streams(venue)
    app = web.Application()
    app.router.add_route("*", "/api/v3/{tail:.*}", rest.handle)
    for path in sorted({path for _, path in ELSEWHERE}):
        app.router.add_get(path, rest.handle)
    app.router.add_get("/ws-api/v3", ws_api.handle)
    app.router.add_get("/ws", streams.raw)
    app.router.add_get("/ws/{streams:.*}", streams.raw)
    app.router.add_get("/stream", streams.combined)
    app.add_subapp("/sandbox/", _control(venue))
    return app


def _control(venue: Venue) -> web.Application:
    control, market = Control(venue), MarketControl(venue)
    app = web.Application(middlewares=[refuse], client_max_size=_MOST_BODY)
    app.router.add_post("/accounts", control.open_account)
    app.router.add_post("/accounts/{account_id}/deposit", control.deposit)
    app.router.add_get("/ledger", control.ledger)
    app.router.add_post("/faults", control.add_fault)
    app.router.add_get("/faults", control.faults)
    app.router.add_delete("/faults", control.clear_faults)
    app.router.add_delete("/faults/{fault_id}", control.clear_faults)
    app.router.add_post("/market", market.handle)
    return app


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        venue = Venue(settings)
    except BlockingIOError as error:
        _log.critical("directory_in_use", extra={"fields": {"directory": settings.directory}})
        raise SystemExit(1) from error
    if settings.replay is not None:
        listing = venue.listings[settings.replay_symbol]
        rows = read_rows(settings.replay.read_text().splitlines())
        listing.source = ReplaySource(rows, now_ms(), settings.replay_speed, listing.model)
    runner = web.AppRunner(build(venue), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    model = Driver(venue)
    model.open()
    driver = asyncio.create_task(model.run())
    driver.add_done_callback(lambda _: stopped.set())
    site = web.TCPSite(runner, settings.host, settings.port)
    await site.start()
    found = {
        "address": runner.addresses[0],
        "accounts": len(venue.ledger.accounts),
        "journal_lines": venue.recovered_lines,
    }
    _log.info("listening", extra={"fields": found})
    await stopped.wait()
    driver.cancel()
    await asyncio.wait([driver])
    failure = None if driver.cancelled() else driver.exception()
    if failure is None:
        _log.info("stopping")
    else:
        _log.critical("driver_failed", exc_info=failure)
    await venue.close_connections()
    await runner.cleanup()
    await venue.close()
    if failure is not None:
        raise SystemExit(1)
