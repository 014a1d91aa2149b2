"""The market laid out as numbers: the one part of a prompt that differs between requests.

Whatever a caller supplied is in it as validated numbers under names of ours, and nowhere else.
"""

import json
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from domain.analysis import Breach, MarketPicture
from domain.candles import Candle


def market_text(picture: MarketPicture) -> str:
    """Return the user message: one JSON object.

    Prices are written as floats, which have the same digits up to the fifteenth.
    """
    document = {
        "symbol": picture.symbol,
        "timeframe": str(picture.timeframe),
        "as_of": _time(picture.priced_at),
        "last_price": float(picture.price),
        "lowest_price": float(_on_step(picture.lowest_price, picture.tick_size, ROUND_CEILING)),
        "highest_price": float(_on_step(picture.highest_price, picture.tick_size, ROUND_FLOOR)),
        "price_step": float(picture.tick_size),
        "indicators": dict(picture.indicators),
        "candles": [_candle(candle) for candle in picture.candles],
    }
    return json.dumps(document, allow_nan=False)


def complaint_of(breach: Breach) -> str:
    """Return what a model is told of a reply that broke a rule."""
    return (
        f"Your reply broke the rule {breach.rule}: {breach.detail}. "
        "Answer again, for the same market, and keep all rules."
    )


def _candle(candle: Candle) -> dict[str, Any]:
    return {
        "open_time": _time(candle.open_time),
        **{
            name: float(getattr(candle, name))
            for name in ("open", "high", "low", "close", "volume")
        },
    }


def _on_step(price: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step <= 0:
        return price
    return (price / step).quantize(Decimal(1), rounding) * step


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
