"""The broadcast form of a candle."""

from datetime import datetime, timedelta

from adapters.exact_json import dump, load, time_text
from adapters.mongo_candles import StoredCandle
from adapters.redis_quotes import (
    CANDLE_TTL_MIN_MS,
    CANDLE_TTL_SPANS,
    CandleUpdate,
    candle_key,
)
from domain.candle_view import candle_view
from domain.candles import Timeframe, open_time_before

_MILLISECOND = timedelta(milliseconds=1)


def candle_update(channel: str, told: StoredCandle) -> CandleUpdate:
    """Serialise a candle once, for whoever reads it and whoever is told of it."""
    candle, _, enrichment = told
    document = dump(candle_view(*told))
    head = f'{{"type":"kline_update","channel":"{channel}","data":'
    processed = time_text(enrichment.processed_at)
    tail = f',"timestamp":"{processed}","sequence":{enrichment.sequence}}}'
    span_ms = (candle.close_time - candle.open_time) // _MILLISECOND + 1
    return CandleUpdate(
        candle_key(candle.symbol, candle.timeframe.value),
        max(CANDLE_TTL_MIN_MS, CANDLE_TTL_SPANS * span_ms),
        document,
        channel,
        head.encode() + document + tail.encode(),
    )


def last_told(frame: bytes | None, timeframe: Timeframe) -> tuple[int, datetime | None]:
    """Return a frame's sequence and the open time of the last candle that it shows closed.

    `frame` is what `candle_update` made, or None where nothing was ever told.
    """
    if frame is None:
        return 0, None
    read = load(frame)
    open_time = datetime.fromisoformat(read["data"]["open_time"])
    closed = read["data"]["closed"]
    return read["sequence"], open_time if closed else open_time_before(timeframe, open_time)
