"""Binance's `executionReport` in our terms.

Source: https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream#order-update.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.binance_venue import cancel_id, moment, order_status
from domain.trades import ExecutionReport, Fill

_NEW = "NEW"
_TRADE = "TRADE"
_EXPIRED = "EXPIRED"
_CANCELED = "CANCELED"


def read_report(event: Mapping[str, Any]) -> tuple[str, ExecutionReport] | None:
    """Return the order's client id and what has happened to it.

    None for what our own requests caused: that an order was accepted, what it took from the
    book or lost at that very moment (transaction time = order creation time), and that we
    canceled it. The workflow that made the request is busy with the answer at this moment,
    and asks where it is lost. A signal would be harmful: one that comes while a workflow
    completes makes Temporal run its last task, and a cancel that waits for it, again. A
    triggered stop order is news only once it trades.

    Raises:
        ValueError: The message is not as documented (as are the three others).
        KeyError: The same.
        TypeError: The same.
        ArithmeticError: The same.
    """
    is_immediate = event["T"] == event["O"] and not event["m"]
    if event["x"] == _NEW or (is_immediate and event["x"] in {_TRADE, _EXPIRED}):
        return None
    # `c` of a cancellation is the id of the request to cancel; `C` is then the order's.
    client_order_id = str(event.get("C") or event["c"])
    if event["x"] == _CANCELED and event["c"] == cancel_id(client_order_id):
        return None
    report = ExecutionReport(
        venue_order_id=int(event["i"]),
        status=order_status(event["X"]),
        fill=_fill(event) if event["x"] == _TRADE else None,
        executed_quantity=Decimal(event["z"]),
        updated_at=moment(event["T"]),
    )
    return client_order_id, report


def _fill(event: Mapping[str, Any]) -> Fill:
    if not isinstance(event["N"], str):
        raise TypeError("a fill without the asset of its fee")
    return Fill(
        venue_trade_id=int(event["t"]),
        price=Decimal(event["L"]),
        quantity=Decimal(event["l"]),
        commission=Decimal(event["n"]),
        commission_asset=event["N"],
        time=moment(event["T"]),
    )
