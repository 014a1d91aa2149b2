"""Candle intervals: where a candle starts and where it ends (UTC)."""

from datetime import UTC, datetime
from typing import Final

_SECOND_MS: Final = 1000
MINUTE_MS: Final = 60 * _SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
# The epoch was a Thursday and a weekly candle starts on Monday; Binance counts the candles
# of three days from the day after the epoch (one starts on 2024-01-01).
_SHIFT_MS: Final = {"1w": 4 * DAY_MS, "3d": DAY_MS}
MONTH: Final = "1M"

LENGTH_MS: Final[dict[str, int]] = {
    "1s": _SECOND_MS,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": WEEK_MS,
    MONTH: 31 * DAY_MS,
}


def open_ms(interval: str, time_ms: int) -> int:
    """The open time of the candle that contains `time_ms`."""
    if interval == MONTH:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return int(first.timestamp()) * 1000
    length = LENGTH_MS[interval]
    shift = _SHIFT_MS.get(interval, 0)
    return (time_ms - shift) // length * length + shift


def next_ms(interval: str, candle_open_ms: int) -> int:
    """The open time of the candle after this one."""
    length = LENGTH_MS[interval]
    if interval == MONTH:
        return open_ms(MONTH, candle_open_ms + length)
    return candle_open_ms + length


def opens(interval: str, first_ms: int, last_ms: int) -> list[int]:
    """Open times from `first_ms` to `last_ms`, both included where they are open times."""
    found = []
    current = open_ms(interval, first_ms)
    if current < first_ms:
        current = next_ms(interval, current)
    while current <= last_ms:
        found.append(current)
        current = next_ms(interval, current)
    return found
