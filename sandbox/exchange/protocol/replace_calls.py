"""Cancel-replace: cancel one order and place another, with an answer for each half."""

from typing import Any, Final

from sandbox.exchange.core.errors import (
    HTTP_BAD_REQUEST,
    HTTP_CONFLICT,
    VenueError,
    not_valid,
    unknown_order,
)
from sandbox.exchange.core.ledger import Order
from sandbox.exchange.core.new_order import NewOrder
from sandbox.exchange.protocol import views
from sandbox.exchange.protocol.calls import Call, Security, Table
from sandbox.exchange.protocol.order_calls import canceled, check_restriction, find
from sandbox.exchange.protocol.order_params import (
    ORDER_NAMES,
    default_answer,
    new_id,
    read_answer_type,
    read_order,
)
from sandbox.exchange.venue import now_ms

REPLACE: Final = Table()
_MODES: Final = ("STOP_ON_FAILURE", "ALLOW_FAILURE")


@REPLACE.add(
    "POST order/cancelReplace",
    "order.cancelReplace",
    security=Security.SIGNED,
    orders=1,
    names=ORDER_NAMES + " cancelReplaceMode cancelNewClientOrderId cancelOrigClientOrderId "
    "cancelOrderId cancelRestrictions orderRateLimitExceededMode",
)
async def cancel_replace(call: Call) -> Any:
    """Cancel an order and place another on the same symbol."""
    params = call.params
    market = call.market()
    params.need("cancelReplaceMode")
    mode = params.choice("cancelReplaceMode", _MODES, not_valid("cancelReplaceMode"))
    new = read_order(params)
    answer_type = read_answer_type(params, default_answer(new.type))
    order = find(call, "cancelOrderId", "cancelOrigClientOrderId")
    call.venue.engine.check_filters(call.account, market, new)
    gone = _cancel(call, order)
    placed: dict[str, Any] | VenueError | None = None
    if not isinstance(gone, VenueError) or mode == "ALLOW_FAILURE":
        placed = _place(call, new, answer_type)
    await call.venue.commit()
    return _answer(gone, placed)


def _cancel(call: Call, order: Order | None) -> dict[str, Any] | VenueError:
    request_id = call.params.client_id("cancelNewClientOrderId") or new_id()
    at_ms = now_ms()
    try:
        if order is None or not order.is_open:
            raise unknown_order()
        check_restriction(call.params, order)
        call.venue.engine.cancel(order, request_id, at_ms)
    except VenueError as error:
        return error
    return canceled(call, order, request_id, at_ms)


def _place(call: Call, new: NewOrder, answer_type: str) -> dict[str, Any] | VenueError:
    try:
        order = call.venue.engine.place(call.account, new, now_ms())
    except VenueError as error:
        return error
    return views.placed(order, answer_type)


def _answer(
    gone: dict[str, Any] | VenueError, placed: dict[str, Any] | VenueError | None
) -> dict[str, Any]:
    """Both halves together.

    Raises:
        VenueError: -2021 when one half failed, -2022 when both did or the second was not tried.
    """
    content = {
        "cancelResult": "FAILURE" if isinstance(gone, VenueError) else "SUCCESS",
        "newOrderResult": _result(placed),
        "cancelResponse": gone.body() if isinstance(gone, VenueError) else gone,
        "newOrderResponse": placed.body() if isinstance(placed, VenueError) else placed,
    }
    results = {content["cancelResult"], content["newOrderResult"]}
    if results == {"SUCCESS"}:
        return content
    if "SUCCESS" in results:
        raise VenueError(
            -2021, "Order cancel-replace partially failed.", status=HTTP_CONFLICT, data=content
        )
    raise VenueError(-2022, "Order cancel-replace failed.", status=HTTP_BAD_REQUEST, data=content)


def _result(placed: dict[str, Any] | VenueError | None) -> str:
    if placed is None:
        return "NOT_ATTEMPTED"
    return "FAILURE" if isinstance(placed, VenueError) else "SUCCESS"
