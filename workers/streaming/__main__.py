"""`python -m workers.streaming`: follow the venue's prices until told to stop."""

import asyncio

import structlog
from redis.asyncio import Redis

from adapters.redis_feed import sequence_of
from adapters.redis_quotes import RedisTickWriter, latest_frames
from adapters.venue_symbols import VenueSymbolBook
from domain.errors import Retryable
from workers.connections import Need, open_connections
from workers.process import run_process, run_until
from workers.readiness import announce_ready
from workers.settings import Settings
from workers.streaming.prices import LivePrices
from workers.streaming.worker import StreamingWorker

REDIS_RETRY_S = 0.5

_log = structlog.get_logger(__name__)


async def _follow(settings: Settings) -> None:
    async with open_connections(settings, {Need.REDIS, Need.MARKET}) as connections:
        book: VenueSymbolBook = connections.symbols
        await book.ready()
        symbols = [rules.symbol for rules in book.all_rules()]
        prices = LivePrices(symbols, await _sequences(connections.redis))
        writer = RedisTickWriter(connections.redis)
        worker = StreamingWorker(connections.market, writer, symbols, prices, announce_ready)
        await worker.run()


async def _sequences(redis: Redis) -> dict[str, int]:
    """Return where each channel's sequence stands, waiting while Redis is away."""
    while True:
        try:
            frames = await latest_frames(redis)
        except Retryable as fault:
            _log.warning("stream.sequences_unread", detail=fault.detail)
            await asyncio.sleep(REDIS_RETRY_S)
        else:
            return {channel: sequence_of(frame) for channel, frame in frames.items()}


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_follow(settings), stop)


if __name__ == "__main__":
    run_process(_until)
