"""From the venue to MongoDB: what is kept has the indicators of the whole series."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import numpy as np
import pytest

from adapters.binance_klines import BinanceKlines
from adapters.mongo import Database
from domain.candles import Timeframe
from domain.indicators import WINDOW, Indicators, indicators_of_each
from tests.workers.streaming.conftest import Streaming

WITHIN_S = 60
STREAMED = 5


@pytest.fixture
async def klines(exchange_url: str) -> AsyncIterator[BinanceKlines]:
    klines = BinanceKlines(exchange_url, testnet=False)
    yield klines
    await klines.close()


async def test_candles_of_the_start_and_of_the_stream(
    streaming: Streaming, exchange_url: str, database: Database, klines: BinanceKlines
) -> None:
    of_stream = {"symbol": "BTCUSDT", "timeframe": "1s", "source": "stream"}
    async with streaming(exchange_url, [Timeframe.S1], ["BTCUSDT"]), asyncio.timeout(WITHIN_S):
        while await database["candles"].count_documents(of_stream) < STREAMED:  # noqa: ASYNC110 - MongoDB tells nobody
            await asyncio.sleep(0.2)
    kept = await database["candles"].find({"timeframe": "1s"}).sort("open_time", 1).to_list(None)
    first, last = kept[0]["open_time"], kept[-1]["open_time"]
    seconds = (last - first) // timedelta(seconds=1) + 1
    assert [each["open_time"] for each in kept] == [
        first + number * timedelta(seconds=1) for number in range(seconds)
    ]
    assert len(kept) >= WINDOW
    before = first - 2 * WINDOW * timedelta(seconds=1)
    whole = await klines.candles("BTCUSDT", Timeframe.S1, before, last)
    rows = [(float(c.high), float(c.low), float(c.close), float(c.volume)) for c in whole]
    high, low, close, volume = np.array(rows).T.copy()
    wanted = indicators_of_each(high, low, close, volume, len(kept))
    for document, candle, indicators in zip(kept, whole[-len(kept) :], wanted, strict=True):
        assert [document[name] for name in ("open_time", "close", "volume")] == [
            candle.open_time, candle.close, candle.volume,
        ]  # fmt: skip
        found = Indicators(**document["indicators"])
        # What was summed up from another candle on differs in its last digits.
        assert found == pytest.approx(indicators, rel=1e-9, abs=1e-9)
