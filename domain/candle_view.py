"""Candles as clients, subscribers and the database see them: one shape."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from domain.candles import Candle, Timeframe
from domain.indicators import Indicators


class CandleSource(StrEnum):
    """How a candle reached us."""

    STREAM = "stream"
    REST = "rest"


class Enrichment(NamedTuple):
    """What is known of a candle's way here.

    Attributes:
        source: Who told it.
        received_at: When its message or answer arrived.
        processed_at: When its indicators were known.
        sequence: Its channel's sequence when it was broadcast; None where it was not.
    """

    source: CandleSource
    received_at: datetime
    processed_at: datetime
    sequence: int | None


def candle_view(candle: Candle, indicators: Indicators, enrichment: Enrichment) -> dict[str, Any]:
    """Return the candle document; prices and volume stay Decimal, indicators are floats."""
    return {
        "symbol": candle.symbol,
        "timeframe": str(candle.timeframe),
        "open_time": candle.open_time,
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
        "close_time": candle.close_time,
        "closed": candle.closed,
        "indicators": indicators._asdict(),
        "source": str(enrichment.source),
        "received_at": enrichment.received_at,
        "processed_at": enrichment.processed_at,
        "sequence": enrichment.sequence,
    }


def candle_of_view(view: Mapping[str, Any]) -> Candle:
    """Return the candle of a document: the inverse of `candle_view`, without the rest."""
    return Candle(
        symbol=view["symbol"],
        timeframe=Timeframe(view["timeframe"]),
        open_time=view["open_time"],
        close_time=view["close_time"],
        open=view["open"],
        high=view["high"],
        low=view["low"],
        close=view["close"],
        volume=view["volume"],
        closed=view["closed"],
    )
