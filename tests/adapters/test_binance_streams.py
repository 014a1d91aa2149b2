"""Streams of the sandbox exchange through the adapter."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest

from adapters.binance_market import BinanceMarket
from adapters.binance_streams import StreamSet
from domain.errors import Retryable

WITHIN_S = 10


class Heard:
    """Takes messages, and can be waited for."""

    def __init__(self) -> None:
        self.streams: set[str] = set()
        self._more = asyncio.Event()

    def take(self, message: bytes) -> None:
        told = orjson.loads(message)
        self.streams.add(told.get("stream", "answer"))
        self._more.set()

    async def hears(self, *streams: str) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not self.streams.issuperset(streams):
                await self._more.wait()
                self._more.clear()


@pytest.fixture
async def market(exchange_url: str) -> AsyncIterator[BinanceMarket]:
    stream_url = exchange_url.replace("http", "ws")
    market = BinanceMarket(exchange_url, stream_url, testnet=False)
    yield market
    await market.close()


async def test_what_is_wanted_may_change_while_it_listens(market: BinanceMarket) -> None:
    heard, streams = Heard(), StreamSet(["btcusdt@bookTicker"])
    listening = asyncio.create_task(market.listen(streams, heard.take))
    await heard.hears("btcusdt@bookTicker")
    assert heard.streams == {"btcusdt@bookTicker"}
    streams.add("ethusdt@bookTicker")
    streams.discard("btcusdt@bookTicker")
    await heard.hears("ethusdt@bookTicker", "answer")
    assert streams.names == ["ethusdt@bookTicker"]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_it_ends_by_itself_when_its_time_is_over(market: BinanceMarket) -> None:
    heard = Heard()
    async with asyncio.timeout(WITHIN_S):
        await market.listen(StreamSet(["btcusdt@bookTicker"]), heard.take, life_s=2.5)
    assert heard.streams


async def test_it_ends_by_itself_when_the_server_is_about_to(
    market: BinanceMarket, exchange_url: str
) -> None:
    heard = Heard()
    listening = asyncio.create_task(market.listen(StreamSet(["btcusdt@bookTicker"]), heard.take))
    await heard.hears("btcusdt@bookTicker")
    async with httpx.AsyncClient(base_url=exchange_url, trust_env=False) as http:
        fault = {"kind": "announce_shutdown", "target": "market"}
        (await http.post("/sandbox/faults", json=fault)).raise_for_status()
        async with asyncio.timeout(WITHIN_S):
            await listening
        await http.delete("/sandbox/faults")
    assert heard.streams == {"btcusdt@bookTicker"}


async def test_a_cut_is_told(market: BinanceMarket, exchange_url: str) -> None:
    heard = Heard()
    listening = asyncio.create_task(market.listen(StreamSet(["btcusdt@bookTicker"]), heard.take))
    await heard.hears("btcusdt@bookTicker")
    async with httpx.AsyncClient(base_url=exchange_url, trust_env=False) as http:
        fault = {"kind": "close_streams", "target": "market"}
        (await http.post("/sandbox/faults", json=fault)).raise_for_status()
        with pytest.raises(Retryable):
            async with asyncio.timeout(WITHIN_S):
                await listening
        await http.delete("/sandbox/faults")


async def test_an_absent_venue_is_a_passing_fault() -> None:
    market = BinanceMarket("http://127.0.0.1:1", "ws://127.0.0.1:1", testnet=False)
    with pytest.raises(Retryable):
        await market.listen(StreamSet(["btcusdt@trade"]), Heard().take)
    await market.close()
