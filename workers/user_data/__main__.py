"""`python -m workers.user_data`: follow the accounts with resting orders until told to stop."""

import asyncio
from collections.abc import Callable

from adapters.binance_user_stream import open_user_stream, stream_address
from adapters.binance_venue import BinanceVenue
from adapters.mongo_open_orders import MongoOpenOrders
from workers.connections import Need, open_connections
from workers.identity_parts import credential_vault
from workers.process import run_process, run_until
from workers.readiness import announce_ready
from workers.settings import Settings
from workers.temporal import connect_temporal
from workers.user_data.delivery import Delivery
from workers.user_data.following import AccountStreams
from workers.user_data.line import Line
from workers.user_data.signals import TradeSignals


async def follow_accounts(settings: Settings, on_ready: Callable[[], None]) -> None:
    """Follow until cancelled; `on_ready` is called when it is first known whom."""
    async with open_connections(settings, {Need.MONGODB}) as connections:
        vault = credential_vault(settings, connections.database)
        address = stream_address(settings.venue_ws_url, testnet=settings.is_testnet)
        # For its clock.
        venue = BinanceVenue(vault, settings.venue_url, testnet=settings.is_testnet)
        await venue.start()
        try:
            orders = MongoOpenOrders(connections.database)
            delivery = Delivery(TradeSignals(await connect_temporal(settings)), orders)

            def make_line() -> Line:
                return Line(
                    lambda on_break: open_user_stream(address, venue.now_ms, on_break),
                    vault,
                    delivery,
                )

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(delivery.run())
                tasks.create_task(AccountStreams(orders, make_line, on_ready).run())
        finally:
            await venue.close()


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(follow_accounts(settings, announce_ready), stop)


if __name__ == "__main__":
    run_process(_until)
