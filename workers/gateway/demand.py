"""Wishes for candles, passed on to the streaming workers while anybody listens."""

import asyncio
from contextlib import suppress

import structlog

from adapters.stream_demand import StreamDemand
from domain.errors import Retryable
from workers.gateway.messages import market_channel
from workers.gateway.public_channels import PublicChannels
from workers.gateway.rules import KnowsSymbol

# Well within the time that a wish lasts, `adapters.stream_demand.DEMAND_TTL_S`.
RENEW_EVERY_S = 15.0

_log = structlog.get_logger(__name__)


class CandleDemand:
    """Asks for each kline channel when its first listener comes, and again from time to time.

    Only for symbols that are known to be streamed: whatever is asked for is followed.
    """

    def __init__(self, demand: StreamDemand, knows_symbol: KnowsSymbol) -> None:
        self._demand = demand
        self._knows_symbol = knows_symbol
        self._new: set[str] = set()
        self._sooner = asyncio.Event()

    def want(self, channel: str) -> None:
        """Learn of a public channel's first listener."""
        self._new.add(channel)
        self._sooner.set()

    async def run(self, public: PublicChannels) -> None:
        """Ask until cancelled."""
        clock = asyncio.get_running_loop().time
        renew_at_s = clock() + RENEW_EVERY_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(renew_at_s):
                    await self._sooner.wait()
            self._sooner.clear()
            asked, self._new = self._new, set()
            if clock() >= renew_at_s:
                asked.update(public.wanted())
                renew_at_s = clock() + RENEW_EVERY_S
            for channel in asked:
                await self._ask(channel)

    async def _ask(self, channel: str) -> None:
        named = market_channel(channel)
        if named is None or named.timeframe is None or not self._knows_symbol(named.symbol):
            return
        try:
            await self._demand.ask(named.symbol, named.timeframe)
        except Retryable:
            # The next round asks again.
            _log.warning("gateway.candles_not_asked_for", channel=channel)
