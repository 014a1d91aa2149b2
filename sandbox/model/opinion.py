"""The opinion: three votes on the indicators that were sent, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from sandbox.model.market import Market

_RSI_MIDDLE: Final = 50
_RSI_HIGH: Final = 70
_RSI_LOW: Final = 30
_STRONG_ADX: Final = 25
_AGREEMENT: Final = 2
_STOP_ATRS: Final = Decimal("1.5")
_TARGET_ATRS: Final = Decimal(3)
_ATR_OF_PRICE: Final = Decimal("0.01")
_BY_VOTES: Final = {2: Decimal("0.6"), 3: Decimal("0.8")}
_STRONG_TREND: Final = Decimal("0.1")
_NEUTRAL: Final = Decimal("0.4")

RULE: Final = (
    "Sandbox model: a fixed rule, no language model. Votes: EMA 9, 21 and 50 in order; the sign "
    "of the MACD histogram; RSI on which side of 50 (none beyond 30 and 70). Two of three that "
    "agree, and none against, make a signal. Entry at the last price, stop at 1.5 ATR, target "
    "at 3 ATR."
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the rule makes of a market.

    The prices are those of the signal; for Neutral they are those of a Long, for a schema that
    allows no null.
    """

    signal: str
    confidence: Decimal
    reasoning: str
    entry: Decimal
    stop_loss: Decimal
    take_profit: Decimal


def form(market: Market | None) -> Opinion:
    """Form the opinion; the same market always gives the same one."""
    if market is None or market.price is None:
        text = f"{RULE} This prompt holds no market with a last price."
        return Opinion("Neutral", Decimal(0), text, Decimal(0), Decimal(0), Decimal(0))
    votes, said = _votes(market)
    score = sum(votes)
    agreed = abs(score) >= _AGREEMENT and not (1 in votes and -1 in votes)
    signal = "Neutral" if not agreed else "Long" if score > 0 else "Short"
    confidence = _BY_VOTES[abs(score)] if agreed else _NEUTRAL
    adx = market.indicators.get("adx")
    if agreed and adx is not None and adx >= _STRONG_ADX:
        confidence += _STRONG_TREND
        said.append(f"ADX {_shown(adx)} shows a strong trend, +0.1.")
    atr, atr_said = _atr(market, market.price)
    said.append(atr_said)
    side = -1 if signal == "Short" else 1
    head = f"{signal} on votes of {', '.join(f'{vote:+d}' for vote in votes)}."
    return Opinion(
        signal,
        confidence,
        " ".join([RULE, head, *said]),
        _in_steps(market.price, market.step),
        _away(market, -side * _STOP_ATRS * atr),
        _away(market, side * _TARGET_ATRS * atr),
    )


def _away(market: Market, distance: Decimal) -> Decimal:
    """Return a price this far away: a step at least, and within the bounds that were sent."""
    price, step = market.price or Decimal(0), market.step
    lowest = step if market.lowest is None else _in_steps(market.lowest, step, ROUND_CEILING)
    highest = None if market.highest is None else _in_steps(market.highest, step, ROUND_FLOOR)
    far = max(abs(distance), step).copy_sign(distance)
    found = max(_in_steps(price + far, step), lowest)
    return found if highest is None else min(found, highest)


def _in_steps(price: Decimal, step: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    return (price / step).to_integral_value(rounding) * step


def _votes(market: Market) -> tuple[list[int], list[str]]:
    counted = [_emas(market), _macd(market), _rsi(market)]
    return [vote for vote, _ in counted], [said for _, said in counted]


def _emas(market: Market) -> tuple[int, str]:
    found = [market.indicators.get(f"ema_{span}") for span in (9, 21, 50)]
    values = [value for value in found if value is not None]
    if len(values) < len(found):
        return 0, "EMA: not all were sent, no vote."
    fast, middle, slow = values
    shown = ", ".join(_shown(value) for value in values)
    vote = 1 if fast > middle > slow else -1 if fast < middle < slow else 0
    order = {1: "rising order", -1: "falling order", 0: "no order"}[vote]
    return vote, f"EMA 9, 21, 50 at {shown}: {order}, {vote:+d}."


def _macd(market: Market) -> tuple[int, str]:
    return _vote(market, "macd_histogram", "MACD histogram", _sign)


def _rsi(market: Market) -> tuple[int, str]:
    def side(value: Decimal) -> int:
        return _sign(value - _RSI_MIDDLE) if _RSI_LOW < value < _RSI_HIGH else 0

    return _vote(market, "rsi", "RSI", side)


def _vote(market: Market, name: str, title: str, rule: Callable[[Decimal], int]) -> tuple[int, str]:
    value = market.indicators.get(name)
    if value is None:
        return 0, f"{title}: not sent, no vote."
    return rule(value), f"{title} {_shown(value)}, {rule(value):+d}."


def _atr(market: Market, price: Decimal) -> tuple[Decimal, str]:
    atr = market.indicators.get("atr")
    if atr is not None and atr > 0:
        return atr, f"ATR {_shown(atr)}."
    return price * _ATR_OF_PRICE, "ATR: not sent, 1 % of the price in its place."


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)


def _shown(value: Decimal) -> str:
    return f"{float(value):.6g}"
