"""`python -m workers.paper_market`: the live market for paper sessions, until told to stop."""

import asyncio

from adapters.binance_trades import BinanceTrades
from workers.connections import Need, open_connections
from workers.paper_market.market import PaperMarket, Sources
from workers.process import run_process, run_until, settle_interpreter
from workers.readiness import announce_ready
from workers.settings import Settings
from workers.temporal import connect_temporal
from workers.venue_market import open_venue_market


async def _serve(settings: Settings) -> None:
    async with (
        open_connections(settings, {Need.REDIS}) as connections,
        open_venue_market(settings) as venue,
    ):
        trades = BinanceTrades(settings.venue_url, testnet=settings.is_testnet)
        try:
            client = await connect_temporal(settings)
            market = PaperMarket(Sources(venue.streams, trades, connections.redis, client))
            settle_interpreter()
            announce_ready()
            await market.run()
        finally:
            await trades.close()


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_serve(settings), stop)


if __name__ == "__main__":
    run_process(_until)
