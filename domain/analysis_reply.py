"""The shape of a reply, and every check that it must pass. Nothing a model says is believed."""

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from domain.analysis import Breach, MarketPicture, Opinion, Rule, Signal, Verdict
from domain.analysis_ports import Finish, ModelReply
from domain.precision import ASSET_UNIT, is_price

SCHEMA_NAME: Final = "market_analysis"
MAX_REPLY_CHARACTERS: Final = 20_000
MAX_REASONING_CHARACTERS: Final = 2_000
_CONFIDENCE_STEP: Final = Decimal("0.0001")
_RATIO_STEP: Final = Decimal("0.01")

_PRICES: Final = ("suggested_entry", "suggested_stop_loss", "suggested_take_profit")
_PROPERTIES: Final[dict[str, Any]] = {
    "reasoning": {
        "type": "string",
        "description": "Why, in at most five sentences, from the given numbers only.",
    },
    "signal": {"type": "string", "enum": [str(signal) for signal in Signal]},
    "confidence": {"type": "number", "description": "From 0 to 1."},
    **{
        name: {"type": ["number", "null"], "description": "A price; null where Neutral."}
        for name in _PRICES
    },
}
# Strict, as OpenAI's structured outputs want it. The ratio is not in it: we compute it.
REPLY_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
    "additionalProperties": False,
}


class _BrokenError(Exception):
    def __init__(self, rule: Rule, detail: str) -> None:
        super().__init__(detail)
        self.breach = Breach(rule, detail)


def judge(reply: ModelReply, picture: MarketPicture) -> Verdict:
    """Return the opinion that a reply holds, or the first rule that it breaks."""
    if reply.finish is Finish.REFUSED:
        return Verdict(breach=Breach(Rule.ANSWERED, "the model declined to answer"))
    if reply.finish is Finish.TRUNCATED:
        return Verdict(breach=Breach(Rule.COMPLETE, "the reply was cut off by its token limit"))
    try:
        return Verdict(opinion=_opinion(_members(reply.content), picture))
    except _BrokenError as broken:
        return Verdict(breach=broken.breach)


def _members(content: str) -> dict[str, Any]:
    """Read the one JSON object of a reply; every number of it is a Decimal."""
    if len(content) > MAX_REPLY_CHARACTERS:
        raise _BrokenError(Rule.JSON, "the reply is out of all proportion")
    try:
        read = json.loads(
            content,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _BrokenError(Rule.JSON, "the reply is not one JSON document") from error
    if not isinstance(read, dict):
        raise _BrokenError(Rule.SCHEMA, "the reply is not an object")
    if set(read) != set(_PROPERTIES):
        wrong = min(set(read) ^ set(_PROPERTIES))
        raise _BrokenError(Rule.SCHEMA, f"the member {wrong[:50]!r} is missing or unknown")
    return read


def _no_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _opinion(members: Mapping[str, Any], picture: MarketPicture) -> Opinion:
    confidence, reasoning = _confidence(members["confidence"]), _reasoning(members["reasoning"])
    signal = _signal(members["signal"])
    given = [_number_or_none(name, members[name]) for name in _PRICES]
    if signal is Signal.NEUTRAL:
        if any(price is not None for price in given):
            raise _BrokenError(
                Rule.NEUTRAL_HAS_NO_PRICES, "a Neutral signal must leave all prices null"
            )
        return Opinion(signal, confidence, reasoning)
    entry, stop, target = (
        _near(name, price, picture) for name, price in zip(_PRICES, given, strict=True)
    )
    _in_order(signal, entry, stop, target)
    ratio = (abs(target - entry) / abs(entry - stop)).quantize(_RATIO_STEP, ROUND_HALF_EVEN)
    return Opinion(signal, confidence, reasoning, entry, stop, target, ratio)


def _signal(value: Any) -> Signal:
    try:
        return Signal(value)
    except ValueError as error:
        raise _BrokenError(Rule.SCHEMA, "signal must be one of Long, Short and Neutral") from error


def _confidence(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise _BrokenError(Rule.SCHEMA, "confidence must be a number")
    if not 0 <= value <= 1:
        raise _BrokenError(Rule.CONFIDENCE, "confidence must be from 0 to 1")
    return abs(value.quantize(_CONFIDENCE_STEP, ROUND_HALF_EVEN))


def _reasoning(value: Any) -> str:
    if not isinstance(value, str):
        raise _BrokenError(Rule.SCHEMA, "reasoning must be a string")
    shown = "".join(each if each.isprintable() else " " for each in value)
    text = " ".join(shown.split())
    if not text:
        raise _BrokenError(Rule.REASONING, "reasoning must say something")
    return text[:MAX_REASONING_CHARACTERS]


def _number_or_none(name: str, value: Any) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    raise _BrokenError(Rule.SCHEMA, f"{name} must be a number or null")


def _near(name: str, price: Decimal | None, picture: MarketPicture) -> Decimal:
    if price is None:
        raise _BrokenError(Rule.PRICES_PRESENT, f"{name} must not be null for Long and Short")
    on_tick = _on_tick(price, picture.tick_size) if is_price(price) else None
    if on_tick is None or not picture.is_near(on_tick):
        lowest, highest = picture.lowest_price, picture.highest_price
        raise _BrokenError(
            Rule.NEAR_LIVE_PRICE,
            f"{name} must be from {lowest.normalize():f} to {highest.normalize():f}, "
            f"near the live price {picture.price.normalize():f}",
        )
    return on_tick


def _on_tick(price: Decimal, tick_size: Decimal) -> Decimal:
    step = tick_size if tick_size > 0 else ASSET_UNIT
    return (price / step).quantize(Decimal(1), ROUND_HALF_EVEN) * step


def _in_order(signal: Signal, entry: Decimal, stop: Decimal, target: Decimal) -> None:
    if signal is Signal.LONG and not stop < entry < target:
        raise _BrokenError(
            Rule.LONG_STOP_ENTRY_TARGET,
            "for Long, suggested_stop_loss < suggested_entry < suggested_take_profit must hold",
        )
    if signal is Signal.SHORT and not target < entry < stop:
        raise _BrokenError(
            Rule.SHORT_TARGET_ENTRY_STOP,
            "for Short, suggested_take_profit < suggested_entry < suggested_stop_loss must hold",
        )
