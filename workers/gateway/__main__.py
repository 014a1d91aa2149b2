"""`python -m workers.gateway`: serve WebSockets until told to stop."""

import asyncio

from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_trades import MongoTrades
from adapters.redis_quotes import RedisQuoteBoard
from adapters.venue_symbols import VenueSymbolBook
from workers.access import access_tokens
from workers.connections import Connections, Need, open_connections
from workers.gateway.private_states import StoredStates
from workers.gateway.server import Gateway, Sources
from workers.process import run_process, settle_interpreter
from workers.readiness import announce_ready
from workers.settings import Settings
from workers.venue_market import open_venue_market


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    needs = {Need.REDIS, Need.MONGODB}
    async with (
        open_connections(settings, needs) as connections,
        open_venue_market(settings) as market,
    ):
        gateway = Gateway(settings, _sources(connections, market.symbols))
        async with gateway.serve():
            settle_interpreter()
            announce_ready()
            await stop.wait()


def _sources(connections: Connections, symbols: VenueSymbolBook) -> Sources:
    accounts = MongoAccountStore(connections.database)
    trades = MongoTrades(connections.database)

    def knows_symbol(symbol: str) -> bool | None:
        return symbols.rules(symbol) is not None if symbols.loaded else None

    return Sources(
        redis=connections.redis,
        tokens=access_tokens(connections.settings),
        states=StoredStates(accounts, trades, RedisQuoteBoard(connections.redis)),
        knows_symbol=knows_symbol,
    )


if __name__ == "__main__":
    run_process(_serve)
