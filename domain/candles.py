"""Candles: open, high, low, close and volume of one span of time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Binance's weeks begin on Mondays. Its spans of three days are not counted from the epoch
# either, but open on 2024-01-01 and every third day before and after, as this Monday does.
_FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Timeframe(StrEnum):
    """The spans of Binance's klines.

    Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api, "Kline
    intervals".
    """

    S1 = "1s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D3 = "3d"
    W1 = "1w"
    MONTH = "1M"


_LENGTHS = {
    Timeframe.S1: timedelta(seconds=1),
    Timeframe.M1: _MINUTE,
    Timeframe.M3: 3 * _MINUTE,
    Timeframe.M5: 5 * _MINUTE,
    Timeframe.M15: 15 * _MINUTE,
    Timeframe.M30: 30 * _MINUTE,
    Timeframe.H1: _HOUR,
    Timeframe.H2: 2 * _HOUR,
    Timeframe.H4: 4 * _HOUR,
    Timeframe.H6: 6 * _HOUR,
    Timeframe.H8: 8 * _HOUR,
    Timeframe.H12: 12 * _HOUR,
    Timeframe.D1: _DAY,
    Timeframe.D3: 3 * _DAY,
    Timeframe.W1: 7 * _DAY,
}


@dataclass(frozen=True, slots=True)
class Candle:
    """One span of one symbol: prices in the quote asset, `volume` in the base asset.

    `close_time` is the last millisecond of the span. A candle that is not `closed` still
    changes.
    """

    symbol: str
    timeframe: Timeframe
    open_time: datetime
    close_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    closed: bool


def open_time_of(timeframe: Timeframe, moment: datetime) -> datetime:
    """Return when the candle that holds this moment (in UTC) began."""
    if timeframe is Timeframe.MONTH:
        return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    origin = _FIRST_MONDAY if timeframe in {Timeframe.D3, Timeframe.W1} else _EPOCH
    length = _LENGTHS[timeframe]
    return moment - (moment - origin) % length


def close_time_of(timeframe: Timeframe, open_time: datetime) -> datetime:
    """Return the last millisecond of the candle that began then."""
    return next_open_time(timeframe, open_time) - _MILLISECOND


def open_time_before(timeframe: Timeframe, open_time: datetime, count: int = 1) -> datetime:
    """Return when the candle `count` spans before the one that began then began."""
    if timeframe is Timeframe.MONTH:
        months = open_time.year * 12 + open_time.month - 1 - count
        return open_time.replace(year=months // 12, month=months % 12 + 1)
    return open_time - count * _LENGTHS[timeframe]


def next_open_time(timeframe: Timeframe, open_time: datetime) -> datetime:
    """Return when the candle after the one that began then begins."""
    if timeframe is Timeframe.MONTH:
        return open_time_of(timeframe, open_time + 31 * _DAY)
    return open_time + _LENGTHS[timeframe]
