"""What the venue's stream messages say, or why they say nothing.

Source: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams, combined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson


class InvalidMessageError(ValueError):
    """A message that is dropped; `kind` says why, in one of a few words."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


Sides = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """Somebody's trade: `<symbol>@trade`. The venue's ids rise, `traded_ms` is its clock."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    traded_ms: int


@dataclass(frozen=True, slots=True)
class DaySummary:
    """Statistics of 24 hours: `<symbol>@ticker`. `sides` are None while the book has not both."""

    event_ms: int
    price: Decimal
    volume_24h: Decimal
    change_24h: Decimal
    sides: Sides | None


def open_message(message: str | bytes) -> tuple[str, dict[str, Any]] | None:
    """Return a message's stream and what it says; None for the answer to a request of ours.

    Raises:
        InvalidMessageError: It is neither.
    """
    try:
        read = orjson.loads(message)
        stream, told = read["stream"], read["data"]
    except ValueError as error:
        raise InvalidMessageError("not a combined message") from error
    except (KeyError, TypeError) as error:
        if isinstance(read, dict) and "result" in read:
            return None
        raise InvalidMessageError("not a combined message") from error
    if not isinstance(stream, str) or not isinstance(told, dict):
        raise InvalidMessageError("not a combined message")
    return stream, told


def book_of(told: Mapping[str, Any]) -> tuple[int, Sides | None]:
    """Read `<symbol>@bookTicker`: the book's update id, best bid and ask.

    Raises:
        InvalidMessageError: A member is missing or makes no sense.
    """
    return _count(told, "u"), _sides(told, "b", "a")


def trade_of(told: Mapping[str, Any]) -> PublicTrade:
    """Read `<symbol>@trade`.

    Raises:
        InvalidMessageError: A member is missing or makes no sense.
    """
    return PublicTrade(
        _count(told, "t"), _positive(told, "p"), _positive(told, "q"), _count(told, "T")
    )


def summary_of(told: Mapping[str, Any]) -> DaySummary:
    """Read `<symbol>@ticker`.

    Raises:
        InvalidMessageError: A member is missing or makes no sense.
    """
    return DaySummary(
        _count(told, "E"),
        _positive(told, "c"),
        _number(told, "v"),
        _number(told, "P"),
        _sides(told, "b", "a"),
    )


def rest_summary_of(told: Mapping[str, Any]) -> DaySummary:
    """Read a 24-hour ticker of the REST API.

    Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api, "24hr ticker".

    Raises:
        InvalidMessageError: A member is missing or makes no sense.
    """
    return DaySummary(
        _count(told, "closeTime"),
        _positive(told, "lastPrice"),
        _number(told, "volume"),
        _number(told, "priceChangePercent"),
        _sides(told, "bidPrice", "askPrice"),
    )


def _sides(told: Mapping[str, Any], bid_member: str, ask_member: str) -> Sides | None:
    """Read best bid and ask; a side that is empty is told as zero, and leaves no price."""
    bid, ask = _number(told, bid_member), _number(told, ask_member)
    if bid < 0 or ask < 0:
        raise InvalidMessageError("negative price")
    if not bid or not ask:
        return None
    if bid > ask:
        raise InvalidMessageError("crossed book")
    return bid, ask


def _count(told: Mapping[str, Any], member: str) -> int:
    value = told.get(member)
    # Not isinstance: a bool is an int, too.
    if type(value) is not int or value < 0:
        raise InvalidMessageError(f"bad {member}")
    return value


def _number(told: Mapping[str, Any], member: str) -> Decimal:
    value = told.get(member)
    if not isinstance(value, str):
        raise InvalidMessageError(f"bad {member}")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InvalidMessageError(f"bad {member}") from error
    if not number.is_finite():
        raise InvalidMessageError(f"bad {member}")
    return number


def _positive(told: Mapping[str, Any], member: str) -> Decimal:
    number = _number(told, member)
    if number <= 0:
        raise InvalidMessageError(f"bad {member}")
    return number
