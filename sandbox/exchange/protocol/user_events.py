"""Records as the events of the user data stream.

Hazard: an event shows the order as it stood at its record. It must be built before the next
record is folded in, and sent only once the record is on disk.
"""

from functools import singledispatch
from typing import Any

from sandbox.exchange.core.ledger import Ledger, Order
from sandbox.exchange.core.records import (
    ZERO,
    AccountOpened,
    Deposited,
    ListOpened,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderTriggered,
    Record,
)
from sandbox.exchange.core.symbols import SYMBOLS, text


def events_of(record: Record, ledger: Ledger) -> list[dict[str, Any]]:
    """What a subscriber of the record's account is told, in order."""
    return _events(record, ledger)


@singledispatch
def _events(_record: Record, _ledger: Ledger) -> list[dict[str, Any]]:
    return []


@_events.register
def _deposit(record: Deposited, _ledger: Ledger) -> list[dict[str, Any]]:
    return [
        {
            "e": "balanceUpdate",
            "E": record.time,
            "a": record.asset,
            "d": text(record.quantity),
            "T": record.time,
        }
    ]


@_events.register
def _accept(record: OrderAccepted, ledger: Ledger) -> list[dict[str, Any]]:
    order = ledger.orders[record.order_id]
    return [_report(order, "NEW", record)]


@_events.register
def _trigger(record: OrderTriggered, ledger: Ledger) -> list[dict[str, Any]]:
    order = ledger.orders[record.order_id]
    return [_report(order, "NEW", record)]


@_events.register
def _fill(record: OrderFilled, ledger: Ledger) -> list[dict[str, Any]]:
    order = ledger.orders[record.order_id]
    report = _report(order, "TRADE", record)
    report |= {
        "l": text(record.quantity),
        "L": text(record.price),
        "n": text(record.commission),
        "N": record.commission_asset,
        "t": record.trade_id,
        "w": record.status != "FILLED",
        "m": record.is_maker,
        "M": True,
        "Y": text(record.quote_quantity),
    }
    return [report, *_list_done(order, ledger, record.time)]


@_events.register
def _close(record: OrderClosed, ledger: Ledger) -> list[dict[str, Any]]:
    order = ledger.orders[record.order_id]
    prevented = record.prevented > 0
    execution = "CANCELED" if record.kind == "CANCEL" else "EXPIRED"
    report = _report(order, "TRADE_PREVENTION" if prevented else execution, record)
    report["w"] = False
    if record.kind == "CANCEL":
        report["C"] = record.client_order_id
        report["c"] = record.request_id
    if prevented:
        report |= {"v": 0, "A": text(record.prevented), "B": text(record.prevented), "u": 0}
    return [report, *_list_done(order, ledger, record.time)]


@_events.register
def _list(record: ListOpened, ledger: Ledger) -> list[dict[str, Any]]:
    _ = ledger
    legs = zip(record.order_ids, record.leg_client_order_ids, strict=True)
    orders = [{"s": record.symbol, "i": i, "c": c} for i, c in legs]
    return [_list_status(record, "EXEC_STARTED", "EXECUTING", orders, record.time)]


def _list_done(order: Order, ledger: Ledger, time_ms: int) -> list[dict[str, Any]]:
    found = ledger.lists.get(order.accepted.order_list_id)
    if found is None or not found.done:
        return []
    legs = [ledger.orders[i].accepted for i in found.opened.order_ids]
    orders = [{"s": a.symbol, "i": a.order_id, "c": a.client_order_id} for a in legs]
    return [_list_status(found.opened, "ALL_DONE", "ALL_DONE", orders, time_ms)]


def _list_status(
    opened: ListOpened, status: str, order_status: str, orders: list[dict[str, Any]], time_ms: int
) -> dict[str, Any]:
    return {
        "e": "listStatus",
        "E": time_ms,
        "s": opened.symbol,
        "g": opened.order_list_id,
        "c": "OCO",
        "l": status,
        "L": order_status,
        "r": "NONE",
        "C": opened.client_order_id,
        "T": time_ms,
        "O": orders,
    }


def _report(
    order: Order,
    execution: str,
    record: OrderAccepted | OrderTriggered | OrderFilled | OrderClosed,
) -> dict[str, Any]:
    accepted = order.accepted
    report: dict[str, Any] = {
        "e": "executionReport",
        "E": record.time,
        "s": accepted.symbol,
        "c": accepted.client_order_id,
        "S": accepted.side,
        "o": accepted.type,
        "f": accepted.time_in_force,
        "q": text(accepted.quantity),
        "p": text(accepted.price),
        "P": text(accepted.stop_price),
        "F": text(ZERO),
        "g": accepted.order_list_id,
        "C": "",
        "x": execution,
        "X": order.status,
        "r": "NONE",
        "i": accepted.order_id,
        "l": text(ZERO),
        "z": text(order.executed),
        "L": text(ZERO),
        "n": "0",
        "N": None,
        "T": record.time,
        "t": -1,
        "I": record.sequence,
        "w": order.working,
        "m": False,
        "M": False,
        "O": accepted.time,
        "Z": text(order.quote_executed),
        "Y": text(ZERO),
        "Q": text(accepted.quote_quantity),
    }
    if order.working:
        report["W"] = order.working_ms
    report["V"] = accepted.stp_mode
    if accepted.strategy_id is not None:
        report["j"] = accepted.strategy_id
    if accepted.strategy_type is not None:
        report["J"] = accepted.strategy_type
    return report


def touched_assets(record: Record) -> list[str]:
    """Assets whose balance a record may have changed."""
    if isinstance(record, AccountOpened):
        return list(record.balances)
    if isinstance(record, Deposited):
        return [record.asset]
    if isinstance(record, OrderAccepted | OrderTriggered | OrderFilled | OrderClosed):
        rules = SYMBOLS[record.symbol]
        return [rules.base, rules.quote]
    return []


def position(account_id: str, assets: list[str], ledger: Ledger) -> dict[str, Any]:
    """The balances of some assets, as one act has left them."""
    account = ledger.accounts[account_id]
    return {
        "e": "outboundAccountPosition",
        "E": account.updated_ms,
        "u": account.updated_ms,
        "B": [
            {"a": asset, "f": text(b.free), "l": text(b.locked)}
            for asset, b in ((a, account.balance(a)) for a in assets)
        ],
    }
