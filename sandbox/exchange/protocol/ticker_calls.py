"""Public calls that sum prices up: last prices, best quotes, rolling statistics."""

from typing import Any, Final

from sandbox.exchange.core.errors import VenueError, not_valid
from sandbox.exchange.core.symbols import text
from sandbox.exchange.market import intervals, ticker
from sandbox.exchange.market.listing import Listing
from sandbox.exchange.protocol.calls import Call, Table
from sandbox.exchange.protocol.market_calls import names_of
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.venue import now_ms

TICKERS: Final = Table()
_UNITS: Final = {"m": intervals.MINUTE_MS, "h": intervals.HOUR_MS, "d": intervals.DAY_MS}
_UNIT_MOST: Final = {"m": 59, "h": 23, "d": 7}


def _ticker_weight(one: int, some: int, every: int) -> Any:
    """The weight of a ticker call: for one symbol, for a list of them, for all."""

    def weight(params: Params) -> int:
        if "symbol" in params:
            return one
        return some if "symbols" in params else every

    return weight


def _window_weight(params: Params) -> int:
    """Four for each symbol, two hundred at most."""
    return min(200, 4 * (1 + (params.get("symbols") or "").count(",")))


def _one_or_all(call: Call, view: Any) -> Any:
    """Apply `view` to the symbol named, or to a list of them."""
    names = names_of(call.params)
    shown = [view(call.venue.listings[name]) for name in names]
    return shown[0] if "symbol" in call.params else shown


@TICKERS.add(
    "GET ticker/price",
    "ticker.price",
    weight=_ticker_weight(2, 4, 4),
    names="symbol symbols symbolStatus",
)
async def price_ticker(call: Call) -> Any:
    """Last prices."""
    return _one_or_all(
        call,
        lambda each: {
            "symbol": each.market.rules.symbol,
            "price": text(each.market.last_price),
        },
    )


@TICKERS.add(
    "GET ticker/bookTicker",
    "ticker.book",
    weight=_ticker_weight(2, 4, 4),
    names="symbol symbols symbolStatus",
)
async def book_ticker(call: Call) -> Any:
    """Best bids and asks."""
    return _one_or_all(call, lambda each: ticker.book_ticker(each.market))


@TICKERS.add(
    "GET ticker/24hr",
    "ticker.24hr",
    weight=_ticker_weight(2, 2, 80),
    names="symbol symbols type symbolStatus",
)
async def day_ticker(call: Call) -> Any:
    """Statistics of the last 24 hours."""
    small, now = _is_mini(call.params), now_ms()

    def view(each: Listing) -> dict[str, Any]:
        found = each.day.at(now)
        return ticker.mini(each.market, found) if small else ticker.day(each.market, found)

    return _one_or_all(call, view)


def _is_mini(params: Params) -> bool:
    kind = params.choice("type", ("FULL", "MINI"), VenueError(-1139, "Invalid ticker type."))
    return kind == "MINI"


@TICKERS.add(
    "GET ticker/tradingDay",
    "ticker.tradingDay",
    weight=_window_weight,
    names="symbol symbols timeZone type symbolStatus",
)
async def trading_day(call: Call) -> Any:
    """Statistics of the UTC day."""
    now = now_ms()
    return _windowed(call, max(now % intervals.DAY_MS, intervals.MINUTE_MS))


@TICKERS.add(
    "GET ticker",
    "ticker",
    weight=_window_weight,
    names="symbol symbols windowSize type symbolStatus",
)
async def rolling_ticker(call: Call) -> Any:
    """Statistics of a window of the caller's choice (1m to 7d)."""
    size = call.params.get("windowSize") or "1d"
    unit, digits = size[-1:], size[:-1]
    if unit not in _UNITS or not digits.isdigit() or not 1 <= int(digits) <= _UNIT_MOST[unit]:
        raise not_valid("windowSize")
    return _windowed(call, int(digits) * _UNITS[unit])


def _windowed(call: Call, length_ms: int) -> Any:
    if "symbol" not in call.params and "symbols" not in call.params:
        raise VenueError(
            -1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!"
        )
    small, now = _is_mini(call.params), now_ms()

    def view(each: Listing) -> dict[str, Any]:
        found = ticker.RollingWindow(each.candles, length_ms).at(now)
        return ticker.mini(each.market, found) if small else ticker.rolling(each.market, found)

    return _one_or_all(call, view)
