"""What the stand-in venue says: messages and answers in Binance's form, from one function.

Source: https://developers.binance.com/docs/binance-spot-api-docs (streams and REST API).
Prices are a function of time, so that candles over REST and from the stream agree.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from domain.candles import Timeframe

# One symbol's second: so many books, trades and summaries, and klines every two seconds.
BOOKS_PER_S = 20
TRADES_PER_S = 6
KLINE_EVERY_S = 2

_MS = 1_000
_SPANS_MS = {
    Timeframe.M1: 60 * _MS,
    Timeframe.M5: 300 * _MS,
    Timeframe.M15: 900 * _MS,
    Timeframe.H1: 3_600 * _MS,
    Timeframe.H4: 14_400 * _MS,
    Timeframe.D1: 86_400 * _MS,
}
TIMEFRAMES = tuple(_SPANS_MS)


def symbols(count: int) -> list[str]:
    """Return the first symbols of the stand-in."""
    return [f"S{number:03}USDT" for number in range(count)]


def price(symbol: str, at_ms: int) -> float:
    """Return a symbol's price at a moment."""
    base = 100.0 + 10 * int(symbol[1:4])
    return base * (1 + 0.02 * math.sin(at_ms / 470_000) + 0.003 * math.sin(at_ms / 17_000))


def exchange_info(names: Sequence[str]) -> dict[str, Any]:
    """Return the rules of every symbol."""
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00",
         "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0",
         "stepSize": "0.00001"},
        {"filterType": "NOTIONAL", "minNotional": "5.0"},
    ]  # fmt: skip
    listed = [
        {
            "symbol": name,
            "status": "TRADING",
            "isSpotTradingAllowed": True,
            "baseAsset": name.removesuffix("USDT"),
            "quoteAsset": "USDT",
            "filters": filters,
        }
        for name in names
    ]
    return {"timezone": "UTC", "symbols": listed}


def day_summary(symbol: str, now_ms: int) -> dict[str, Any]:
    """Return one 24-hour ticker of the REST API."""
    now = price(symbol, now_ms)
    return {
        "symbol": symbol,
        "priceChangePercent": "1.25",
        "lastPrice": f"{now:.2f}",
        "bidPrice": f"{now - 0.01:.2f}",
        "askPrice": f"{now + 0.01:.2f}",
        "volume": "18234.51230000",
        "closeTime": now_ms,
    }


def kline_rows(symbol: str, interval: str, asked: dict[str, str], now_ms: int) -> list[list[Any]]:
    """Return the rows of `GET /api/v3/klines`, the one in progress last."""
    span_ms = _SPANS_MS[Timeframe(interval)]
    limit = int(asked.get("limit", 500))
    end_ms = min(int(asked.get("endTime", now_ms)), now_ms)
    first_ms = int(asked.get("startTime", end_ms - (limit - 1) * span_ms))
    rows: list[list[Any]] = []
    for open_ms in range(-(-first_ms // span_ms) * span_ms, end_ms + 1, span_ms):
        if len(rows) == limit:
            break
        told = _candle(symbol, span_ms, open_ms, now_ms)
        volume = told["v"]
        prices = [told[member] for member in "ohlc"]
        rows.append([open_ms, *prices, volume, told["T"], "0", 10, "0", "0", "0"])
    return rows


def book_message(symbol: str, number: int, bid: str, ask: str) -> bytes:
    """Return one `bookTicker`."""
    stream = f"{symbol.lower()}@bookTicker"
    told = {"u": number, "s": symbol, "b": bid, "B": "31.21000000", "a": ask, "A": "40.66000000"}
    return orjson.dumps({"stream": stream, "data": told})


def ticker_message(symbol: str, at_ms: int) -> bytes:
    """Return one 24-hour `ticker`, all of its members."""
    now = price(symbol, at_ms)
    told = {
        "e": "24hrTicker", "E": at_ms, "s": symbol, "p": "15.21", "P": "1.250",
        "w": f"{now:.8f}", "x": f"{now:.2f}", "c": f"{now:.2f}", "Q": "0.01200000",
        "b": f"{now - 0.01:.2f}", "B": "31.21000000", "a": f"{now + 0.01:.2f}",
        "A": "40.66000000", "o": f"{now:.2f}", "h": f"{now * 1.02:.2f}", "l": f"{now * 0.98:.2f}",
        "v": "18234.51230000", "q": "991235512.12000000", "O": at_ms - 86_400_000, "C": at_ms,
        "F": 1, "L": 1_852_211, "n": 1_852_211,
    }  # fmt: skip
    return orjson.dumps({"stream": f"{symbol.lower()}@ticker", "data": told})


def _trade_message(symbol: str, number: int, at_ms: int) -> bytes:
    told = {
        "e": "trade", "E": at_ms, "s": symbol, "t": number, "p": f"{price(symbol, at_ms):.2f}",
        "q": "0.01200000", "T": at_ms, "m": number % 2 == 0, "M": True,
    }  # fmt: skip
    return orjson.dumps({"stream": f"{symbol.lower()}@trade", "data": told})


def _kline_message(symbol: str, timeframe: Timeframe, at_ms: int, *, closed: bool) -> bytes:
    span_ms = _SPANS_MS[timeframe]
    candle = _candle(symbol, span_ms, at_ms // span_ms * span_ms, at_ms)
    told = {
        **candle, "s": symbol, "i": timeframe.value, "f": 100, "L": 200, "n": 100, "x": closed,
        "q": "991235.12000000", "V": "500.00000000", "Q": "495617.56000000", "B": "0",
    }  # fmt: skip
    data = {"e": "kline", "E": at_ms, "s": symbol, "k": told}
    return orjson.dumps({"stream": f"{symbol.lower()}@kline_{timeframe.value}", "data": data})


def _candle(symbol: str, span_ms: int, open_ms: int, now_ms: int) -> dict[str, Any]:
    last_ms = open_ms + span_ms - 1
    opened, closed = price(symbol, open_ms), price(symbol, min(now_ms, last_ms))
    return {
        "t": open_ms,
        "T": last_ms,
        "o": f"{opened:.2f}",
        "h": f"{max(opened, closed) * 1.001:.2f}",
        "l": f"{min(opened, closed) * 0.999:.2f}",
        "c": f"{closed:.2f}",
        "v": f"{20 + 10 * math.sin(open_ms / 90_000):.8f}",
    }


def mix(
    names: Sequence[str], start_ms: int, seconds: int, last_bid: int
) -> Iterator[tuple[str, bytes]]:
    """Return every symbol's messages of so many seconds, each with its stream, in order.

    The last message of each symbol is a book with this bid, by which its end is known.
    """
    number = start_ms
    for second in range(seconds):
        for step in range(BOOKS_PER_S):
            at_ms = start_ms + second * _MS + step * _MS // BOOKS_PER_S
            for symbol in names:
                number += 1
                yield from _step(symbol, number, step, at_ms)
        for symbol in names:
            yield from _klines(symbol, start_ms + second * _MS, second)
    for symbol in names:
        stream = f"{symbol.lower()}@bookTicker"
        yield stream, book_message(symbol, number + 1, str(last_bid), str(last_bid + 1))


def _step(symbol: str, number: int, step: int, at_ms: int) -> Iterator[tuple[str, bytes]]:
    now, lower = price(symbol, at_ms), symbol.lower()
    book = book_message(symbol, number, f"{now - 0.01:.2f}", f"{now + 0.01:.2f}")
    yield f"{lower}@bookTicker", book
    if step * TRADES_PER_S // BOOKS_PER_S != (step - 1) * TRADES_PER_S // BOOKS_PER_S:
        yield f"{lower}@trade", _trade_message(symbol, number, at_ms)
    if step == 0:
        yield f"{lower}@ticker", ticker_message(symbol, at_ms)


def _klines(symbol: str, at_ms: int, second: int) -> Iterator[tuple[str, bytes]]:
    """Return the klines of a second that ends: those that close in it, and the regular ones."""
    for timeframe, span_ms in _SPANS_MS.items():
        stream = f"{symbol.lower()}@kline_{timeframe.value}"
        last_ms = at_ms // span_ms * span_ms + span_ms - 1
        if last_ms < at_ms + _MS:
            yield stream, _kline_message(symbol, timeframe, last_ms, closed=True)
        elif second % KLINE_EVERY_S == 0:
            yield stream, _kline_message(symbol, timeframe, at_ms + _MS - 1, closed=False)
