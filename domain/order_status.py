"""The life of an order: one transition table, and nothing changes a status past it."""

from enum import StrEnum

from domain.errors import ErrorCode, HaltTrading


class OrderStatus(StrEnum):
    """Where an order stands."""

    SUBMITTING = "SUBMITTING"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


TERMINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)

_LIVE = {OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED} | TERMINAL

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.SUBMITTING: frozenset(_LIVE | {OrderStatus.UNKNOWN}),
    OrderStatus.UNKNOWN: frozenset(_LIVE),
    OrderStatus.NEW: frozenset(_LIVE - {OrderStatus.NEW}),
    OrderStatus.PARTIALLY_FILLED: frozenset(
        {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
    ),
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
}


def move(current: OrderStatus, to: OrderStatus) -> OrderStatus:
    """Return `to` where the table allows it; staying is always allowed.

    Raises:
        HaltTrading: The edge is not in the table: our record and the venue's contradict
            each other, and only a person can say which is right.
    """
    if to != current and to not in TRANSITIONS[current]:
        raise HaltTrading(
            ErrorCode.SERVICE_UNAVAILABLE, f"an order cannot go from {current} to {to}"
        )
    return to
