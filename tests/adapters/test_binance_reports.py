"""What an `executionReport` means to us."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.binance_reports import read_report
from domain.order_status import OrderStatus

# A maker's fill, as Binance documents the message.
FILL: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658849, "s": "ETHBTC", "c": "bc-1", "S": "BUY",
    "o": "LIMIT", "f": "GTC", "q": "1.00000000", "p": "0.10264410", "P": "0.00000000",
    "F": "0.00000000", "g": -1, "C": "", "x": "TRADE", "X": "PARTIALLY_FILLED", "r": "NONE",
    "i": 4293153, "l": "0.25000000", "z": "0.40000000", "L": "0.10264410", "n": "0.00025",
    "N": "ETH", "T": 1499405660000, "t": 77, "w": True, "m": True, "M": False,
    "O": 1499405658657, "Z": "0.04105764", "Y": "0.02566102", "Q": "0.00000000",
}  # fmt: skip


def test_a_fill() -> None:
    found = read_report(FILL)
    assert found is not None
    order_id, report = found
    assert order_id == "bc-1"
    assert report.venue_order_id == 4293153
    assert report.status is OrderStatus.PARTIALLY_FILLED
    assert report.executed_quantity == Decimal("0.4")
    fill = report.fill
    assert fill is not None
    assert (fill.venue_trade_id, fill.price, fill.quantity) == (
        77, Decimal("0.10264410"), Decimal("0.25"),
    )  # fmt: skip
    assert (fill.commission, fill.commission_asset) == (Decimal("0.00025"), "ETH")
    assert fill.time == report.updated_at
    assert fill.time.timestamp() == 1499405660


def test_a_cancellation_names_the_order_by_its_original_id() -> None:
    found = read_report(
        {**FILL, "x": "CANCELED", "X": "CANCELED", "c": "request", "C": "bc-1", "m": False, "t": -1}
    )
    assert found is not None
    assert found[0] == "bc-1"
    assert found[1].status is OrderStatus.CANCELED
    assert found[1].fill is None


@pytest.mark.parametrize(
    ("execution", "status", "ours"),
    [
        ("EXPIRED", "EXPIRED", OrderStatus.EXPIRED),
        ("TRADE_PREVENTION", "EXPIRED_IN_MATCH", OrderStatus.EXPIRED),
    ],
)
def test_an_expiry(execution: str, status: str, ours: OrderStatus) -> None:
    found = read_report({**FILL, "x": execution, "X": status, "m": False})
    assert found is not None
    assert found[1].status is ours
    assert found[1].fill is None


@pytest.mark.parametrize(
    "change",
    [
        {"x": "NEW", "X": "NEW", "T": FILL["O"], "m": False},
        {"x": "NEW", "X": "NEW", "m": False},  # a stop order that was triggered
        {"T": FILL["O"], "m": False},  # what it took from the book on arrival
        {"x": "EXPIRED", "X": "EXPIRED", "T": FILL["O"], "m": False},  # the rest of an IOC
        {"x": "CANCELED", "X": "CANCELED", "c": "xbc-1", "C": "bc-1", "m": False},  # we did
    ],
)
def test_what_the_answers_to_our_requests_say_is_no_news(change: dict[str, Any]) -> None:
    assert read_report({**FILL, **change}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"T": FILL["O"]},  # resting for less than a millisecond
        {"x": "CANCELED", "X": "CANCELED", "T": FILL["O"], "m": False},
        {"m": False},  # a stop order that took from the book once it was triggered
    ],
)
def test_what_it_cannot_say_is_news(change: dict[str, Any]) -> None:
    assert read_report({**FILL, **change}) is not None


@pytest.mark.parametrize(
    "change", [{"X": "UNHEARD_OF"}, {"i": "x"}, {"z": "x"}, {"N": None}, {"t": None}]
)
def test_what_is_not_as_documented_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, ArithmeticError)):
        read_report({**FILL, **change})


def test_a_missing_member_is_refused() -> None:
    with pytest.raises(KeyError):
        read_report({name: value for name, value in FILL.items() if name != "z"})
