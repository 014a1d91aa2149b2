"""`python -m workers.streaming`: follow the venue's market until told to stop."""

import asyncio

from prometheus_client import start_http_server

from workers.connections import Need, open_connections
from workers.process import run_process, run_until, settle_interpreter
from workers.readiness import announce_ready
from workers.settings import Settings
from workers.streaming.worker import Sources, StreamingWorker
from workers.venue_market import open_venue_market


async def _follow(settings: Settings) -> None:
    async with (
        open_connections(settings, {Need.MONGODB, Need.REDIS}) as connections,
        open_venue_market(settings) as market,
    ):
        book = market.symbols
        await book.ready()
        sources = Sources(
            market.streams,
            market.klines,
            connections.redis,
            connections.database,
        )
        worker = StreamingWorker(
            sources,
            lambda: [rules.symbol for rules in book.all_rules()],
            settings.timeframes,
            announce_ready,
        )
        if settings.streaming_metrics_port:
            start_http_server(settings.streaming_metrics_port, settings.streaming_metrics_host)
        settle_interpreter()
        await worker.run()


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_follow(settings), stop)


if __name__ == "__main__":
    run_process(_until)
