"""Binance's candles: read from its stream's messages and over REST.

Messages: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
(`<symbol>@kline_<interval>`). Rows:
https://developers.binance.com/docs/binance-spot-api-docs/rest-api (`GET /api/v3/klines`).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from adapters.binance_client import VenueClient, make_client
from adapters.binance_errors import venue_faults
from domain.candles import Candle, Timeframe, close_time_of, next_open_time, open_time_of
from domain.errors import ErrorCode, Retryable

# What Binance answers at most at once.
PAGE_ROWS: Final = 1_000
# Binance opened that month: a thousand weeks or months before now there was nothing to ask for.
VENUE_OPENED: Final = datetime(2017, 7, 1, tzinfo=UTC)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# A row that no other follows is closed once its end is this long past: clocks differ.
_CLOCK_TOLERANCE = timedelta(seconds=5)
# Plain digits; an exponent could stand for gigabytes of zeros.
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_TIMEFRAMES = {str(timeframe): timeframe for timeframe in Timeframe}
# So many spans are remembered: every symbol tells of the same few.
_SPANS_KEPT = 256
_LEAST_ROW_MEMBERS = 7


class InvalidCandleError(ValueError):
    """What was told is no candle; `kind` says why, in one of a few words."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class _Span(NamedTuple):
    open_time: datetime
    close_time: datetime


def candle_of_stream(message: Mapping[str, Any]) -> tuple[Candle, int]:
    """Read one `kline` event (the `data` of a combined message).

    Returns:
        The candle, and the venue's time of the event in milliseconds.

    Raises:
        InvalidCandleError: It is something else, or contradicts itself.
    """
    told, event_ms = message.get("k"), message.get("E")
    if message.get("e") != "kline" or not isinstance(told, dict):
        raise InvalidCandleError("not a kline")
    if type(event_ms) is not int or event_ms < 0:
        raise InvalidCandleError("bad E")
    symbol, timeframe = message.get("s"), _TIMEFRAMES.get(str(told.get("i")))
    if timeframe is None:
        raise InvalidCandleError("bad i")
    if not isinstance(symbol, str) or not symbol or told.get("s") != symbol:
        raise InvalidCandleError("bad s")
    closed = told.get("x")
    if not isinstance(closed, bool):
        raise InvalidCandleError("bad x")
    span = _span(timeframe, _whole(told.get("t"), "t"), _whole(told.get("T"), "T"))
    texts = [told.get(member) for member in "ohlcv"]
    return _candle(symbol, timeframe, span, texts, closed=closed), event_ms


def candle_of_kline_row(
    symbol: str, timeframe: Timeframe, row: Sequence[Any], *, closed: bool
) -> Candle:
    """Read one row of the klines answer, which does not say itself whether it is closed.

    Raises:
        InvalidCandleError: It is something else, or contradicts itself.
    """
    if not isinstance(row, list) or len(row) < _LEAST_ROW_MEMBERS:
        raise InvalidCandleError("not a row")
    span = _span(timeframe, _whole(row[0], "t"), _whole(row[6], "T"))
    return _candle(symbol, timeframe, span, row[1:6], closed=closed)


class BinanceKlines:
    """Candles over REST; needs no keys. Make it inside a running loop.

    Args:
        api_url: The exchange's address, or None for Binance itself.
        testnet: Whether Binance's testnet is meant.
    """

    def __init__(self, api_url: str | None, *, testnet: bool) -> None:
        self._client: VenueClient = make_client(api_url=api_url, testnet=testnet)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close_connection()

    async def page(
        self,
        symbol: str,
        timeframe: Timeframe,
        start: datetime,
        end: datetime | None = None,
        limit: int = PAGE_ROWS,
    ) -> list[Candle]:
        """Return the first candles of a range, oldest first; the last may be in progress.

        Without an end, an answer that reaches now ends with the candle in progress, which
        proves that the one before it is closed: better than asking to the last missing one.

        Args:
            symbol: The venue's symbol.
            timeframe: The span of each candle.
            start: The first open time that is wanted.
            end: The last open time that is wanted; none: up to now.
            limit: How many candles at most, up to `PAGE_ROWS`.

        Raises:
            Retryable: The venue could not be reached, or answered with something else.
            Rejected: It does not know the symbol.
        """
        asked: dict[str, Any] = {
            "symbol": symbol,
            "interval": str(timeframe),
            "startTime": _milliseconds(start),
            "limit": limit,
        }
        if end is not None:
            asked["endTime"] = _milliseconds(end)
        with venue_faults():
            rows = await self._client.get_klines(**asked)
        try:
            return _candles_of(symbol, timeframe, rows)
        except InvalidCandleError as error:
            raise Retryable(
                ErrorCode.VENUE_UNAVAILABLE, f"the venue's candles are unreadable: {error.kind}"
            ) from error

    async def candles(
        self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime | None = None
    ) -> list[Candle]:
        """Return a whole range, oldest first, in as many pages as it takes.

        Raises:
            Retryable: The venue could not be reached, or answered with something else.
            Rejected: It does not know the symbol.
        """
        found: list[Candle] = []
        while True:
            page = await self.page(symbol, timeframe, start, end)
            found += page
            if len(page) < PAGE_ROWS:
                return found
            start = next_open_time(timeframe, page[-1].open_time)
            if end is not None and start > end:
                return found


def _candles_of(symbol: str, timeframe: Timeframe, rows: Any) -> list[Candle]:
    if not isinstance(rows, list):
        raise InvalidCandleError("not rows")
    surely_over = datetime.now(UTC) - _CLOCK_TOLERANCE
    found = [candle_of_kline_row(symbol, timeframe, row, closed=True) for row in rows[:-1]]
    for row in rows[-1:]:
        last = candle_of_kline_row(symbol, timeframe, row, closed=True)
        if last.close_time >= surely_over:
            last = candle_of_kline_row(symbol, timeframe, row, closed=False)
        found.append(last)
    times = [candle.open_time for candle in found]
    if times != sorted(set(times)):
        raise InvalidCandleError("rows out of order")
    return found


def _candle(
    symbol: str, timeframe: Timeframe, span: _Span, texts: Sequence[Any], *, closed: bool
) -> Candle:
    opening, high, low, close, volume = (
        _number(text, member) for text, member in zip(texts, "ohlcv", strict=True)
    )
    if low <= 0 or low > min(opening, close) or high < max(opening, close):
        raise InvalidCandleError("contradicting prices")
    return Candle(
        symbol,
        timeframe,
        span.open_time,
        span.close_time,
        opening,
        high,
        low,
        close,
        volume,
        closed,
    )


@lru_cache(_SPANS_KEPT)
def _span(timeframe: Timeframe, open_ms: int, close_ms: int) -> _Span:
    try:
        open_time = _EPOCH + open_ms * _MILLISECOND
        close_time = close_time_of(timeframe, open_time)
    except OverflowError as error:
        raise InvalidCandleError("bad t") from error
    if open_time_of(timeframe, open_time) != open_time:
        raise InvalidCandleError("bad t")
    if close_ms != _milliseconds(close_time):
        raise InvalidCandleError("bad T")
    return _Span(open_time, close_time)


def _whole(value: Any, member: str) -> int:
    if type(value) is not int or value < 0:
        raise InvalidCandleError(f"bad {member}")
    return value


def _number(value: Any, member: str) -> Decimal:
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        raise InvalidCandleError(f"bad {member}")
    return Decimal(value)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
