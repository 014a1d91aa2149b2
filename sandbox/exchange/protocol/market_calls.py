"""Public calls: server, symbols, book, trades, candles, tickers. Weights are Binance's of 2026."""

import asyncio
import itertools
from typing import Any, Final

import orjson

from sandbox.exchange.core.errors import VenueError, illegal_chars, invalid_symbol
from sandbox.exchange.core.matching import PublicTrade
from sandbox.exchange.core.symbols import SYMBOLS, symbol_info, text
from sandbox.exchange.market import intervals
from sandbox.exchange.market.listing import aggregate_view
from sandbox.exchange.protocol.calls import Call, Table
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.venue import now_ms

PUBLIC: Final = Table()
_DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
_ROWS: Final = 500
_MOST_ROWS: Final = 1_000


@PUBLIC.add("GET ping", "ping")
async def ping(_: Call) -> Any:
    """Test connectivity."""
    return {}


@PUBLIC.add("GET time", "time")
async def server_time(_: Call) -> Any:
    """The venue's clock."""
    return {"serverTime": now_ms()}


@PUBLIC.add(
    "GET exchangeInfo",
    "exchangeInfo",
    weight=20,
    names="symbol symbols permissions showPermissionSets symbolStatus",
)
async def exchange_info(call: Call) -> Any:
    """Symbols, filters and limits."""
    params = call.params
    if sum(name in params for name in ("symbol", "symbols", "permissions")) > 1:
        raise VenueError(-1128, "Combination of optional parameters invalid.")
    names = names_of(params) if "symbol" in params or "symbols" in params else list(SYMBOLS)
    permissions = params.get("permissions")
    if permissions is not None and "SPOT" not in permissions:
        names = []
    if params.get("symbolStatus") not in {None, "TRADING"}:
        names = []
    return {
        "timezone": "UTC",
        "serverTime": now_ms(),
        "rateLimits": call.venue.limits.rules(),
        "exchangeFilters": [],
        "symbols": [symbol_info(SYMBOLS[name]) for name in names],
    }


def names_of(params: Params) -> list[str]:
    """The symbols that `symbol` or `symbols` name; all of them when neither is sent."""
    one, many = params.symbol(), params.get("symbols")
    if one is not None and many is not None:
        raise VenueError(-1128, "Combination of optional parameters invalid.")
    if one is not None:
        found: Any = [one]
    elif many is None:
        return list(SYMBOLS)
    else:
        try:
            found = orjson.loads(many)
        except orjson.JSONDecodeError as error:
            legal = '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$'
            raise illegal_chars("symbols", legal) from error
    if not isinstance(found, list) or not all(name in SYMBOLS for name in found):
        raise invalid_symbol()
    if len(set(found)) < len(found):
        raise VenueError(-1151, "Symbol is present multiple times in the list.")
    return found


def _depth_weight(params: Params) -> int:
    raw = params.get("limit") or "100"
    limit = int(raw) if raw.isdigit() else 100
    return next((weight for most, weight in _DEPTH_WEIGHTS if limit <= most), 250)


@PUBLIC.add("GET depth", "depth", weight=_depth_weight, names="symbol limit symbolStatus")
async def depth(call: Call) -> Any:
    """The order book."""
    market = call.market()
    limit = call.params.limit(100, 5_000)
    return {"lastUpdateId": market.book.update_id, **levels(market.book, limit)}


def levels(book: Any, limit: int) -> dict[str, list[list[str]]]:
    """Both sides of a book, best first."""
    return {
        name: [
            [text(level.price), text(level.total)]
            for level in itertools.islice(side.levels(), limit)
        ]
        for name, side in (("bids", book.bids), ("asks", book.asks))
    }


def _trade(trade: PublicTrade) -> dict[str, Any]:
    return {
        "id": trade.trade_id,
        "price": text(trade.price),
        "qty": text(trade.quantity),
        "quoteQty": text(trade.price * trade.quantity),
        "time": trade.time_ms,
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": True,
    }


@PUBLIC.add("GET trades", "trades.recent", weight=25, names="symbol limit")
async def trades(call: Call) -> Any:
    """Recent trades."""
    tape = list(call.listing().tape)
    return [_trade(each) for each in tape[-call.params.limit(_ROWS, _MOST_ROWS) :]]


@PUBLIC.add("GET historicalTrades", "trades.historical", weight=25, names="symbol limit fromId")
async def historical_trades(call: Call) -> Any:
    """Older trades, as far as the tape reaches."""
    tape = list(call.listing().tape)
    limit, first = call.params.limit(_ROWS, _MOST_ROWS), call.params.integer("fromId")
    if first is None:
        return [_trade(each) for each in tape[-limit:]]
    return [_trade(each) for each in tape if each.trade_id >= first][:limit]


@PUBLIC.add(
    "GET aggTrades",
    "trades.aggregate",
    weight=4,
    names="symbol fromId startTime endTime limit",
)
async def aggregate_trades(call: Call) -> Any:
    """Trades of one taker at one price, together."""
    params = call.params
    found = list(call.listing().aggregates)
    limit, first = params.limit(_ROWS, _MOST_ROWS), params.integer("fromId")
    start, end = params.integer("startTime"), params.integer("endTime")
    if first is not None and (start is not None or end is not None):
        raise VenueError(-1128, "Combination of optional parameters invalid.")
    found = [
        each
        for each in found
        if (first is None or each.aggregate_id >= first)
        and (start is None or each.time_ms >= start)
        and (end is None or each.time_ms <= end)
    ]
    chosen = found[-limit:] if first is None and start is None else found[:limit]
    return [aggregate_view(each) for each in chosen]


async def klines(call: Call) -> Any:
    """Candles, oldest first."""
    listing, params = call.listing(), call.params
    interval = params.need("interval")
    if interval not in intervals.LENGTH_MS:
        raise VenueError(-1120, "Invalid interval.")
    limit = params.limit(_ROWS, _MOST_ROWS)
    start, end = params.integer("startTime"), params.integer("endTime")
    now, recording = listing.candle_ms(now_ms()), listing.recording
    # Nothing opens at the end of a recording.
    newest = now if recording is None else min(now, recording.end_ms - 1)
    last = newest if end is None else min(end, newest)
    length = intervals.LENGTH_MS[interval]
    if recording is not None and start is not None:
        start = max(start, intervals.open_ms(interval, recording.start_ms))
    if start is None:
        opens = intervals.opens(interval, last - (limit + 1) * length, last)[-limit:]
    else:
        opens = intervals.opens(interval, start, min(last, start + (limit + 1) * length))[:limit]
    if recording is None:
        past = listing.candles.past(interval, opens, now)
        await asyncio.to_thread(listing.candles.history.bars, *past)
    found = listing.bars(interval, opens, now)
    return [each.row(intervals.next_ms(interval, each.open_ms) - 1) for each in found]


for _path in ("klines", "uiKlines"):
    PUBLIC.add(
        f"GET {_path}", _path, weight=2, names="symbol interval startTime endTime timeZone limit"
    )(klines)


@PUBLIC.add("GET avgPrice", "avgPrice", weight=2, names="symbol")
async def average_price(call: Call) -> Any:
    """The five-minute average."""
    listing = call.listing()
    average = listing.average.at(now_ms()).average
    closed = listing.tape[-1].time_ms if listing.tape else call.now_ms
    return {"mins": 5, "price": text(average), "closeTime": closed}
