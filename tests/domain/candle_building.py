"""Candles for tests."""

import random
from datetime import UTC, datetime
from decimal import Decimal

from domain.candles import Candle, Timeframe, close_time_of, next_open_time

START = datetime(2025, 10, 10, 12, tzinfo=UTC)


def candle_at(
    open_time: datetime,
    timeframe: Timeframe = Timeframe.M1,
    *,
    prices: tuple[str, str, str, str] = ("100", "110", "90", "105"),
    volume: str = "12.5",
    closed: bool = True,
) -> Candle:
    """Make one candle; `prices` are open, high, low and close."""
    return Candle(
        symbol="BTCUSDT",
        timeframe=timeframe,
        open_time=open_time,
        close_time=close_time_of(timeframe, open_time),
        open=Decimal(prices[0]),
        high=Decimal(prices[1]),
        low=Decimal(prices[2]),
        close=Decimal(prices[3]),
        volume=Decimal(volume),
        closed=closed,
    )


def random_walk(
    count: int,
    seed: int = 1,
    *,
    start: datetime = START,
    timeframe: Timeframe = Timeframe.M1,
    price: float = 45_000.0,
    move: float = 0.001,
) -> list[Candle]:
    """Make consecutive closed candles, each beginning where the last one ended."""
    draw = random.Random(seed)
    found: list[Candle] = []
    for _ in range(count):
        close = price * (1 + draw.gauss(0, move))
        high = max(price, close) * (1 + abs(draw.gauss(0, move / 2)))
        low = min(price, close) * (1 - abs(draw.gauss(0, move / 2)))
        opened, *others = (f"{each:.12g}" for each in (price, high, low, close))
        prices = (opened, others[0], others[1], others[2])
        volume = f"{draw.expovariate(0.1):.8f}"
        found.append(candle_at(start, timeframe, prices=prices, volume=volume))
        price, start = close, next_open_time(timeframe, start)
    return found
