"""Rolling statistics of one symbol, and the shapes that answers and streams give them."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sandbox.exchange.core.matching import Market
from sandbox.exchange.core.records import ZERO
from sandbox.exchange.core.symbols import UNIT, text
from sandbox.exchange.market.candles import Candle, Candles
from sandbox.exchange.market.intervals import DAY_MS, MINUTE_MS

AVERAGE_MS: Final = 5 * MINUTE_MS


@dataclass(slots=True)
class Statistics:
    """A rolling window of trades, folded into one candle.

    Attributes:
        total: The window as a candle; `total.close` is the last price.
        open_ms: Where the window starts.
        close_ms: The moment it was made.
    """

    total: Candle
    open_ms: int
    close_ms: int

    @property
    def change(self) -> Decimal:
        """Last price less the window's first."""
        return self.total.close - self.total.open

    @property
    def change_percent(self) -> str:
        """The change in per cent with three decimals."""
        if not self.total.open:
            return "0.000"
        share = self.change * 100 / self.total.open
        return f"{share.quantize(Decimal('0.001'), ROUND_HALF_UP):.3f}"

    @property
    def average(self) -> Decimal:
        """Volume-weighted average price."""
        if not self.total.volume:
            return self.total.close
        return (self.total.quote_volume / self.total.volume).quantize(UNIT)


class RollingWindow:
    """A window over one symbol's minute candles; whole minutes are folded once a minute."""

    def __init__(self, candles: Candles, length_ms: int) -> None:
        self._candles = candles
        self._length_ms = length_ms
        self._minute = -1
        self._whole: Candle | None = None

    def at(self, now_ms: int) -> Statistics:
        """The window that ends now."""
        minute = now_ms // MINUTE_MS * MINUTE_MS
        first = minute - self._length_ms + MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            self._whole = self._candles.window(first, minute, now_ms)
        current = self._candles.current("1m", now_ms)
        if self._whole is None:
            total = current
        else:
            total = replace(self._whole)
            total.merge(current)
        return Statistics(total, max(now_ms - self._length_ms, 0), now_ms)


def best(market: Market) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Best bid and its quantity, best ask and its quantity; zeros for an empty side."""
    bid, ask = market.book.bids.best(), market.book.asks.best()
    return (
        bid.price if bid else ZERO,
        bid.total if bid else ZERO,
        ask.price if ask else ZERO,
        ask.total if ask else ZERO,
    )


def book_ticker(market: Market) -> dict[str, Any]:
    """The `ticker/bookTicker` answer."""
    bid, bid_quantity, ask, ask_quantity = best(market)
    return {
        "symbol": market.rules.symbol,
        "bidPrice": text(bid),
        "bidQty": text(bid_quantity),
        "askPrice": text(ask),
        "askQty": text(ask_quantity),
    }


def mini(market: Market, found: Statistics) -> dict[str, Any]:
    """The MINI form of a rolling ticker."""
    total = found.total
    return {
        "symbol": market.rules.symbol,
        "openPrice": text(total.open),
        "highPrice": text(total.high),
        "lowPrice": text(total.low),
        "lastPrice": text(market.last_price),
        "volume": text(total.volume),
        "quoteVolume": text(total.quote_volume),
        "openTime": found.open_ms,
        "closeTime": found.close_ms,
        "firstId": total.first_id,
        "lastId": total.last_id,
        "count": total.trades,
    }


def rolling(market: Market, found: Statistics) -> dict[str, Any]:
    """The FULL form of the rolling-window and trading-day tickers."""
    small = mini(market, found)
    return {
        "symbol": small.pop("symbol"),
        "priceChange": text(found.change),
        "priceChangePercent": found.change_percent,
        "weightedAvgPrice": text(found.average),
        **small,
    }


def day(market: Market, found: Statistics) -> dict[str, Any]:
    """The FULL form of `ticker/24hr`."""
    full = rolling(market, found)
    sides = book_ticker(market)
    return {
        "symbol": full["symbol"],
        "priceChange": full["priceChange"],
        "priceChangePercent": full["priceChangePercent"],
        "weightedAvgPrice": full["weightedAvgPrice"],
        "prevClosePrice": full["openPrice"],
        "lastPrice": full["lastPrice"],
        "lastQty": text(market.last_quantity),
        "bidPrice": sides["bidPrice"],
        "bidQty": sides["bidQty"],
        "askPrice": sides["askPrice"],
        "askQty": sides["askQty"],
        **{name: full[name] for name in list(full)[4:] if name != "lastPrice"},
    }


def ticker_event(market: Market, found: Statistics) -> dict[str, Any]:
    """The `24hrTicker` event."""
    bid, bid_quantity, ask, ask_quantity = best(market)
    total = found.total
    return {
        "e": "24hrTicker",
        "E": found.close_ms,
        "s": market.rules.symbol,
        "p": text(found.change),
        "P": found.change_percent,
        "w": text(found.average),
        "x": text(total.open),
        "c": text(market.last_price),
        "Q": text(market.last_quantity),
        "b": text(bid),
        "B": text(bid_quantity),
        "a": text(ask),
        "A": text(ask_quantity),
        "o": text(total.open),
        "h": text(total.high),
        "l": text(total.low),
        "v": text(total.volume),
        "q": text(total.quote_volume),
        "O": found.open_ms,
        "C": found.close_ms,
        "F": total.first_id,
        "L": total.last_id,
        "n": total.trades,
    }


def mini_event(market: Market, found: Statistics) -> dict[str, Any]:
    """The `24hrMiniTicker` event."""
    total = found.total
    return {
        "e": "24hrMiniTicker",
        "E": found.close_ms,
        "s": market.rules.symbol,
        "c": text(market.last_price),
        "o": text(total.open),
        "h": text(total.high),
        "l": text(total.low),
        "v": text(total.volume),
        "q": text(total.quote_volume),
    }


def day_window(candles: Candles) -> RollingWindow:
    """The 24-hour window of a symbol."""
    return RollingWindow(candles, DAY_MS)
