"""What the venue's messages say to the paper market.

Source: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams,
`<symbol>@depth20@100ms` and `<symbol>@trade`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.paper.book import BookSnapshot, Level
from domain.paper.observations import MarketTrade

DEPTH_STREAM = "depth20@100ms"
TRADE_STREAM = "trade"


def streams_of(symbol: str) -> tuple[str, str]:
    """Return the streams that are followed for a symbol."""
    lower = symbol.lower()
    return f"{lower}@{DEPTH_STREAM}", f"{lower}@{TRADE_STREAM}"


def book_of(symbol: str, told: Mapping[str, Any], at: datetime) -> BookSnapshot:
    """Read a partial book; it tells no time, so it is of the moment that it came.

    Raises:
        ValueError: It is none.
    """
    try:
        bids, asks = (
            tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in told[side])
            for side in ("bids", "asks")
        )
        return BookSnapshot(symbol, bids, asks, at, int(told["lastUpdateId"]))
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError("not a book") from error


def trade_of(symbol: str, told: Mapping[str, Any], at: datetime) -> MarketTrade:
    """Read a trade; it counts from the moment that it came, by the clock that orders have.

    Raises:
        ValueError: It is none.
    """
    try:
        return MarketTrade(
            symbol=symbol,
            price=Decimal(told["p"]),
            quantity=Decimal(told["q"]),
            is_buyer_maker=bool(told["m"]),
            trade_id=int(told["t"]),
            at=at,
        )
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError("not a trade") from error
