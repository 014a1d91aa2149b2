"""The market as a prompt tells it: one JSON object somewhere in a user message."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

# Where the last price may stand, the first that is there.
_PRICES: Final = ("last_price", "live_price", "price")
_LARGEST: Final = Decimal(10) ** 15
_FEWEST_DIGITS: Final = 6
_MOST_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Market:
    """What the rule looks at; every number is as it was sent."""

    symbol: str | None = None
    timeframe: str | None = None
    price: Decimal | None = None
    step: Decimal = Decimal("0.01")
    lowest: Decimal | None = None
    highest: Decimal | None = None
    indicators: Mapping[str, Decimal] = field(default_factory=dict)


def read_market(texts: Iterable[str]) -> Market | None:
    """Find the market in the first text that holds one, or None.

    It is a JSON object with `symbol`, `timeframe`, `last_price` (else the last candle's
    `close`), `price_step` (else a step is guessed), `lowest_price` and `highest_price` (of what
    may be suggested), `indicators` (name to number or null) and `candles`; whatever else is in
    it is not read.
    """
    for text in texts:
        for found in _objects(text):
            if "indicators" in found or "candles" in found:
                return _market(found)
    return None


def _objects(text: str) -> Iterable[dict[str, Any]]:
    decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)
    start = text.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
        except ValueError:
            end = start + 1
        else:
            if isinstance(found, dict):
                yield found
        start = text.find("{", end)


def _market(found: dict[str, Any]) -> Market:
    prices = [found.get(name) for name in _PRICES] + [_last_close(found.get("candles"))]
    price = next(filter(None, map(_positive, prices)), None)
    indicators = found.get("indicators")
    numbers = indicators.items() if isinstance(indicators, dict) else ()
    known = {name: n for name, value in numbers if (n := _number(value)) is not None}
    return Market(
        _text(found.get("symbol")),
        _text(found.get("timeframe")),
        price,
        _positive(found.get("price_step")) or _step(price or Decimal(1)),
        _positive(found.get("lowest_price")),
        _positive(found.get("highest_price")),
        known,
    )


def _step(price: Decimal) -> Decimal:
    """Return a step for prices: as the price has it, within 6 digits and 8 decimals."""
    places = len(format(price, "f").partition(".")[2])
    wanted = max(places, _FEWEST_DIGITS - 1 - price.adjusted())
    return Decimal(1).scaleb(-max(0, min(wanted, _MOST_DECIMALS)))


def _last_close(candles: Any) -> Any:
    if not isinstance(candles, list) or not candles:
        return None
    return candles[-1].get("close") if isinstance(candles[-1], dict) else None


def _number(value: Any) -> Decimal | None:
    sensible = isinstance(value, Decimal) and value.is_finite() and abs(value) < _LARGEST
    return value if sensible else None


def _positive(value: Any) -> Decimal | None:
    found = _number(value)
    return found if found is not None and found > 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
