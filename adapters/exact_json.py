"""JSON as the interface promises it: exact numbers, UTC times with milliseconds.

orjson writes everything; only Decimal and datetime take a detour through `_fallback`.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def decimal_text(value: Decimal) -> str:
    """Write a Decimal as a JSON number without exponent or trailing zeros.

    Raises:
        ValueError: The value is not finite; JSON has no such number.
    """
    if not value.is_finite():
        raise ValueError("not a finite number")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def time_text(moment: datetime) -> str:
    """Write a time as ISO-8601 UTC with milliseconds and `Z`.

    Raises:
        ValueError: The time carries no zone, so nobody can know which one was meant.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _fallback(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(decimal_text(value))
    if isinstance(value, datetime):
        return time_text(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def dump(document: Any) -> bytes:
    """Serialise with exact decimals.

    Raises:
        TypeError: A part of it has no JSON form (orjson's error is one, too).
    """
    return orjson.dumps(document, _fallback, _OPTIONS)


def load(text: bytes | str) -> Any:
    """Parse, every fractional number as Decimal; NaN and Infinity are refused.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is not JSON")
