"""Candles that a caller brings: which are accepted, and what is computed from them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from domain.analysis import AnalysisRequest, MarketPicture
from domain.candles import Candle, open_time_of
from domain.errors import ErrorCode, Rejected
from domain.identity import invalid_field
from domain.indicators import NO_INDICATORS, indicators_of_last
from domain.precision import LARGEST, is_price

INDICATOR_NAMES = NO_INDICATORS._fields
# So many candles are shown to the model; the indicators look at all.
SHOWN_CANDLES = 30


def check_candles(candles: Sequence[Candle]) -> None:
    """Refuse candles that contradict themselves or each other.

    Raises:
        Rejected: `INVALID_REQUEST`, with the first that does under `errors`.
    """
    for number, candle in enumerate(candles):
        reason = _contradiction(candle)
        if reason is not None:
            raise invalid_field(f"candles.{number}", reason)
    for number, (earlier, later) in enumerate(pairwise(candles), 1):
        if later.open_time <= earlier.open_time:
            raise invalid_field(f"candles.{number}.open_time", "must be after the one before")


def _contradiction(candle: Candle) -> str | None:
    prices = (candle.open, candle.high, candle.low, candle.close)
    if not all(is_price(price) for price in prices):
        return "prices must be positive and not out of all proportion"
    if candle.high < max(prices) or candle.low > min(prices):
        return "high and low must hold all prices"
    if not 0 <= candle.volume < LARGEST:
        return "volume must not be negative or out of all proportion"
    if open_time_of(candle.timeframe, candle.open_time) != candle.open_time:
        return "open_time must be where a candle of this timeframe begins"
    return None


def indicators_of(candles: Sequence[Candle]) -> dict[str, float | None]:
    """Return the indicators of the last candle."""
    rows = [[float(c.high), float(c.low), float(c.close), float(c.volume)] for c in candles]
    high, low, close, volume = np.array(rows, dtype=np.float64).reshape(-1, 4).T.copy()
    return indicators_of_last(high, low, close, volume)._asdict()


def with_own(
    computed: Mapping[str, float | None], own: Mapping[str, float]
) -> dict[str, float | None]:
    """Return indicators by name, the caller's own in the place of the computed."""
    return {name: own.get(name, computed.get(name)) for name in INDICATOR_NAMES}


def check_belongs(request: AnalysisRequest, picture: MarketPicture) -> None:
    """Refuse a caller's candles that are of another market than the live one.

    Every price of an answer is held against the live price; on other candles none could pass.

    Raises:
        Rejected: `INVALID_REQUEST`.
    """
    if request.candles and not picture.is_near(request.candles[-1].close):
        raise Rejected(
            ErrorCode.INVALID_REQUEST,
            "The request is not valid; see errors.",
            errors=[
                {
                    "field": f"candles.{len(request.candles) - 1}.close",
                    "message": f"must be from {picture.lowest_price.normalize():f} to "
                    f"{picture.highest_price.normalize():f}: near the live price",
                }
            ],
        )
