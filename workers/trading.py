"""`python -m workers.trading`: carry out trades, analyses, paper sessions and notices."""

import asyncio

from prometheus_client import start_http_server

from adapters.mongo_accounts import MongoAccountStore
from workers.analysis import ANALYSIS_NEEDS, run_analysis_worker
from workers.connections import open_connections
from workers.identity_parts import credential_vault
from workers.notices import run_notice_worker
from workers.paper import PAPER_NEEDS, run_paper_worker
from workers.process import run_process, settle_interpreter
from workers.readiness import announce_ready
from workers.schedules import ensure_schedules
from workers.settings import Settings
from workers.trading_parts import TRADING_NEEDS, open_trading
from workers.venue_market import open_venue_market


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    needs = TRADING_NEEDS | ANALYSIS_NEEDS | PAPER_NEEDS
    async with (
        open_connections(settings, needs) as connections,
        open_venue_market(settings) as market,
    ):
        accounts = MongoAccountStore(connections.database)
        vault = credential_vault(settings, connections.database, connections.invalidations)
        async with open_trading(settings, connections, accounts, vault) as trading:
            await ensure_schedules(trading.client)
            # Here and not in the API's processes: they must not cost trades their latency.
            async with (
                run_analysis_worker(settings, connections, market.klines, trading.client),
                run_paper_worker(connections, trading.client),
                run_notice_worker(connections, trading.client),
            ):
                if settings.trading_metrics_port:
                    start_http_server(settings.trading_metrics_port, settings.trading_metrics_host)
                settle_interpreter()
                announce_ready()
                await stop.wait()


if __name__ == "__main__":
    run_process(_work)
