"""Signed calls that place, cancel and read orders."""

from typing import Any, Final

from sandbox.exchange.core.errors import (
    VenueError,
    either_of,
    no_such_order,
    unknown_order,
)
from sandbox.exchange.core.ledger import Order
from sandbox.exchange.core.records import ZERO
from sandbox.exchange.core.symbols import text
from sandbox.exchange.protocol import views
from sandbox.exchange.protocol.calls import Call, Security, Table
from sandbox.exchange.protocol.order_params import (
    ORDER_NAMES,
    default_answer,
    new_id,
    read_answer_type,
    read_order,
)
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.venue import now_ms

ORDERS: Final = Table()
_SIGNED: Final = Security.SIGNED
_ROWS: Final = 500
_MOST_ROWS: Final = 1_000
_ARCHIVED_AFTER_MS: Final = 90 * 86_400_000
_RESTRICTIONS: Final = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


@ORDERS.add("POST order", "order.place", security=_SIGNED, names=ORDER_NAMES, orders=1)
async def place(call: Call) -> Any:
    """Place an order."""
    call.market()
    new = read_order(call.params)
    answer_type = read_answer_type(call.params, default_answer(new.type))
    order = call.venue.engine.place(call.account, new, now_ms())
    answer = views.placed(order, answer_type)
    await call.venue.commit()
    return answer


def _test_weight(params: Params) -> int:
    return 20 if params.get("computeCommissionRates") == "true" else 1


@ORDERS.add(
    "POST order/test",
    "order.test",
    security=_SIGNED,
    weight=_test_weight,
    names=ORDER_NAMES + " computeCommissionRates",
)
async def test(call: Call) -> Any:
    """Check an order without placing it."""
    call.market()
    new = read_order(call.params)
    read_answer_type(call.params, "ACK")
    call.venue.engine.check(call.account, new)
    if not call.params.flag("computeCommissionRates"):
        return {}
    settings = call.venue.settings
    rates = {"maker": text(settings.maker_rate), "taker": text(settings.taker_rate)}
    nothing = {"maker": text(ZERO), "taker": text(ZERO)}
    return {
        "standardCommissionForOrder": rates,
        "specialCommissionForOrder": nothing,
        "taxCommissionForOrder": nothing,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": "0.25000000",
        },
    }


def find(call: Call, id_name: str, client_id_name: str) -> Order | None:
    """The order that a request names; its number goes before its client id.

    Raises:
        VenueError: -1102 when it names none.
    """
    symbol = call.market().rules.symbol
    order_id = call.params.integer(id_name)
    client_id = call.params.client_id(client_id_name)
    if order_id is None and client_id is None:
        raise either_of(client_id_name, id_name)
    ledger, account_id = call.venue.ledger, call.account.account_id
    if order_id is None:
        return ledger.by_client_id(account_id, symbol, client_id or "")
    order = ledger.orders.get(order_id)
    if order is None or order.accepted.account_id != account_id:
        return None
    if order.accepted.symbol != symbol:
        return None
    if client_id is not None and order.accepted.client_order_id != client_id:
        return None
    return order


@ORDERS.add(
    "GET order",
    "order.status",
    security=_SIGNED,
    weight=4,
    names="symbol orderId origClientOrderId",
)
async def query(call: Call) -> Any:
    """One order."""
    order = find(call, "orderId", "origClientOrderId")
    if order is None:
        raise no_such_order()
    aged = now_ms() - order.updated_ms > _ARCHIVED_AFTER_MS
    if aged and not order.is_open and not order.executed:
        raise VenueError(
            -2026,
            "Order was canceled or expired with no executed qty over 90 days ago "
            "and has been archived.",
        )
    return views.queried(order)


def check_restriction(params: Params, order: Order) -> None:
    """Refuse a cancel whose condition the order does not meet.

    Raises:
        VenueError: -1145 for an unknown condition, -2011 for one that is not met.
    """
    wanted = params.get("cancelRestrictions")
    if wanted is None:
        return
    if wanted not in _RESTRICTIONS:
        raise VenueError(-1145, "Invalid cancelRestrictions")
    if order.status != _RESTRICTIONS[wanted]:
        raise VenueError(-2011, "Order was not canceled due to cancel restrictions.")


@ORDERS.add(
    "DELETE order",
    "order.cancel",
    security=_SIGNED,
    names="symbol orderId origClientOrderId newClientOrderId cancelRestrictions",
)
async def cancel(call: Call) -> Any:
    """Cancel an open order."""
    order = find(call, "orderId", "origClientOrderId")
    request_id = call.params.client_id("newClientOrderId") or new_id()
    if order is None or not order.is_open:
        raise unknown_order()
    check_restriction(call.params, order)
    at_ms = now_ms()
    call.venue.engine.cancel(order, request_id, at_ms)
    answer = canceled(call, order, request_id, at_ms)
    await call.venue.commit()
    return answer


def canceled(call: Call, order: Order, request_id: str, at_ms: int) -> dict[str, Any]:
    """The answer to a cancel: the order's, or its whole list's where it is in one."""
    found = call.venue.ledger.lists.get(order.accepted.order_list_id)
    if found is None:
        return views.canceled(order, request_id, at_ms)
    legs = [call.venue.ledger.orders[i] for i in found.opened.order_ids]
    return {
        **views.order_list(found, legs, at_ms),
        "orderReports": [views.canceled(leg, request_id, at_ms) for leg in legs],
    }


@ORDERS.add("DELETE openOrders", "openOrders.cancelAll", security=_SIGNED, names="symbol")
async def cancel_all(call: Call) -> Any:
    """Cancel every open order of a symbol."""
    symbol = call.market().rules.symbol
    orders = list(call.venue.ledger.open_orders(call.account.account_id, symbol))
    if not orders:
        raise unknown_order()
    request_id, at_ms = new_id(), now_ms()
    answers = []
    for order in orders:
        if order.is_open:
            call.venue.engine.cancel(order, request_id, at_ms)
            answers.append(canceled(call, order, request_id, at_ms))
    await call.venue.commit()
    return answers


def _open_weight(params: Params) -> int:
    return 6 if "symbol" in params else 80


@ORDERS.add(
    "GET openOrders", "openOrders.status", security=_SIGNED, weight=_open_weight, names="symbol"
)
async def open_orders(call: Call) -> Any:
    """Open orders of one symbol, or of all."""
    symbol = call.market().rules.symbol if "symbol" in call.params else None
    found = call.venue.ledger.open_orders(call.account.account_id, symbol)
    return [views.queried(order) for order in found]


@ORDERS.add(
    "GET allOrders",
    "allOrders",
    security=_SIGNED,
    weight=20,
    names="symbol orderId startTime endTime limit",
)
async def all_orders(call: Call) -> Any:
    """Every order of a symbol."""
    params = call.params
    symbol = call.market().rules.symbol
    first, limit = params.integer("orderId"), params.limit(_ROWS, _MOST_ROWS)
    start, end = params.integer("startTime"), params.integer("endTime")
    found = [
        order
        for order in call.venue.ledger.orders_of(call.account.account_id, symbol)
        if (first is None or order.accepted.order_id >= first)
        and (start is None or order.accepted.time >= start)
        and (end is None or order.accepted.time <= end)
    ]
    chosen = found[-limit:] if first is None and start is None else found[:limit]
    return [views.queried(order) for order in chosen]
