"""Candles: public, from Redis, then MongoDB, then the venue."""

from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import Depends, Query, Response

from adapters.candle_history import CandleRange
from adapters.candle_pages import NEWEST_PAGE_TTL_MS, newest_page_key
from adapters.exact_json import dump
from adapters.stream_demand import StreamDemand
from api.caching import IfNoneMatch, public_answer
from api.candle_paging import NEWER, OLDER, CandlePage, CandleQuery, page_of
from api.dependencies import ServicesOf
from api.pagination import (
    DEFAULT_LIMIT,
    MAX_CURSOR_CHARACTERS,
    MAX_LIMIT,
    decode_cursor,
    encode_cursor,
)
from api.routing import edge_router
from api.schemas import AnswerModel, Moment, Number, Page
from api.services import Services
from domain.candles import Timeframe, next_open_time
from domain.errors import ErrorCode, Rejected, Retryable

router = edge_router("/api/market", "Market")

_log = structlog.get_logger(__name__)


class CandleIndicators(AnswerModel):
    """Indicators at the candle's close; null where there are too few candles before it."""

    rsi: float | None
    macd: float | None
    macd_signal: float | None
    macd_histogram: float | None
    ema_9: float | None
    ema_21: float | None
    ema_50: float | None
    bb_upper: float | None
    bb_middle: float | None
    bb_lower: float | None
    atr: float | None
    adx: float | None
    stoch_k: float | None
    stoch_d: float | None
    volume_sma: float | None


class CandleAnswer(AnswerModel):
    """One candle; `volume` in the base asset. One that is not `closed` still changes."""

    symbol: str
    timeframe: Timeframe
    open_time: Moment
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    close_time: Moment
    closed: bool
    indicators: CandleIndicators
    source: str
    received_at: Moment
    processed_at: Moment
    sequence: int | None


async def _query(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)] = None,
    start_time: Annotated[Moment | None, Query()] = None,
    end_time: Annotated[Moment | None, Query()] = None,
) -> CandleQuery:
    if start_time is not None and end_time is not None and start_time > end_time:
        raise _invalid("start_time", "must not be after end_time")
    position = None if cursor is None else decode_cursor(cursor)
    if position is not None and position.identifier not in {NEWER, OLDER}:
        raise _invalid("cursor", "Not a cursor of this list.")
    return CandleQuery(limit, position, start_time, end_time)


@router.get("/candles/{symbol}/{timeframe}", response_model=Page[CandleAnswer])
async def candles(
    services: ServicesOf,
    symbol: str,
    timeframe: Timeframe,
    query: Annotated[CandleQuery, Depends(_query)],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Answer with candles by their open time, both ends included, oldest first.

    Without `start_time` these are the newest ones (up to `end_time`), and `next_cursor` leads
    to older ones; with it they begin there, and `next_cursor` leads to newer ones.
    """
    await services.known_symbols.require(symbol)
    if not query.is_newest:
        return public_answer(await _body(services, symbol, timeframe, query), if_none_match)

    async def load() -> bytes:
        return await _body(services, symbol, timeframe, query)

    key = newest_page_key(symbol, timeframe, query.limit)
    body = await services.connections.cache.get(key, NEWEST_PAGE_TTL_MS, load)
    return public_answer(body or await load(), if_none_match)


async def _body(services: Services, symbol: str, timeframe: Timeframe, query: CandleQuery) -> bytes:
    now = datetime.now(UTC)
    page = page_of(timeframe, query, now)
    if page is None:
        return b'{"items":[],"next_cursor":null}'
    if next_open_time(timeframe, page.last) > now:
        await _want(services, symbol, timeframe)
    found = await services.candles.read(CandleRange(symbol, timeframe, page.first, page.last))
    return b'{"items":[%b],"next_cursor":%b}' % (b",".join(found), _cursor(page, found=bool(found)))


async def _want(services: Services, symbol: str, timeframe: Timeframe) -> None:
    """Let the candles be streamed that somebody looks at, where they are not anyway."""
    if timeframe in services.settings.timeframes:
        return
    try:
        await StreamDemand(services.connections.redis).ask(symbol, timeframe)
    except Retryable as fault:
        # They can be read without.
        _log.warning("candles.not_wanted", symbol=symbol, detail=fault.detail)


def _cursor(page: CandlePage, *, found: bool) -> bytes:
    position = page.position_after(found=found)
    return dump(None if position is None else encode_cursor(position))


def _invalid(field: str, message: str) -> Rejected:
    return Rejected(
        ErrorCode.INVALID_REQUEST,
        "The request is not valid; see errors.",
        errors=[{"field": field, "message": message}],
    )
