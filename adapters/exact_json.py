"""JSON as the interface promises it: exact numbers, UTC times with milliseconds.

orjson writes everything; only Decimal and datetime take a detour through `_fallback`.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME
# Written out, `1e9999999` is ten million zeros. Ours are far from it: a quotient of 28 digits that
# begins behind some zeros has 40 places, not 100.
_MAX_EXPONENT: Final = 100


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
        ValueError: It is not JSON, or a number in it is out of all proportion.
    """
    return json.loads(text, parse_float=_fraction, parse_constant=_refuse_constant)


def is_proportionate(number: Decimal) -> bool:
    """Whether a number can be written out without filling the memory with zeros."""
    return number.is_finite() and abs(number.adjusted()) <= _MAX_EXPONENT


def _fraction(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("a number is out of range") from error
    if not is_proportionate(number):
        raise ValueError("a number is out of range")
    return number


def _refuse_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is not JSON")
