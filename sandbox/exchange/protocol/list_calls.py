"""Order lists: one-cancels-the-other pairs, in the new and the older form."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.exchange.core.errors import (
    VenueError,
    either_of,
    mandatory,
    not_required,
    rejected,
    unknown_order,
)
from sandbox.exchange.core.ledger import STOP_TYPES, OrderList
from sandbox.exchange.core.new_order import NewOrder
from sandbox.exchange.core.records import ZERO
from sandbox.exchange.protocol import views
from sandbox.exchange.protocol.calls import Call, Security, Table
from sandbox.exchange.protocol.order_params import (
    new_id,
    positive,
    read_answer_type,
    read_side,
    read_stp,
    read_strategy_type,
    read_time_in_force,
)
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.venue import now_ms

LISTS: Final = Table()
_SIGNED: Final = Security.SIGNED
_ROWS: Final = 500
_MOST_ROWS: Final = 1_000
_LEG_TYPES: Final = (
    "STOP_LOSS_LIMIT",
    "STOP_LOSS",
    "LIMIT_MAKER",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
_LEG_NAMES: Final = (
    "Type",
    "ClientOrderId",
    "IcebergQty",
    "Price",
    "StopPrice",
    "TrailingDelta",
    "TimeInForce",
    "StrategyId",
    "StrategyType",
)
_COMMON: Final = "symbol listClientOrderId side quantity newOrderRespType selfTradePreventionMode "


def _leg_names(prefix: str) -> str:
    return " ".join(prefix + name for name in _LEG_NAMES)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What both legs share."""

    symbol: str
    side: str
    quantity: Decimal
    stp_mode: str


@LISTS.add(
    "POST orderList/oco",
    "orderList.place.oco",
    security=_SIGNED,
    orders=2,
    names=f"{_COMMON}{_leg_names('above')} {_leg_names('below')}",
)
async def place(call: Call) -> Any:
    """Place a pair whose legs stand above and below the market."""
    pair = _pair(call)
    above, below = _leg(call.params, pair, "above"), _leg(call.params, pair, "below")
    kinds = {above.type, below.type}
    if kinds == {"LIMIT_MAKER"}:
        raise VenueError(-1168, "At least one OCO order must be contingent.")
    _check_sides(pair.side, above, below)
    return await _place(call, above, below)


def _pair(call: Call) -> _Pair:
    symbol = call.market().rules.symbol
    side = read_side(call.params)
    quantity = positive(call.params, "quantity")
    if not quantity:
        raise mandatory("quantity")
    return _Pair(symbol, side, quantity, read_stp(call.params))


def _leg(params: Params, pair: _Pair, prefix: str) -> NewOrder:
    """One leg of the new form.

    Raises:
        VenueError: A parameter is missing, not required, or not supported.
    """
    params.need(f"{prefix}Type")
    refused = VenueError(-1158, "Order type not supported in OCO.")
    kind = params.choice(f"{prefix}Type", _LEG_TYPES, refused) or ""
    for name in ("IcebergQty", "TrailingDelta"):
        if prefix + name in params:
            raise VenueError(-1013, f"{name} is not supported for this symbol.")
    time_in_force = read_time_in_force(params, f"{prefix}TimeInForce")
    price, stop = positive(params, f"{prefix}Price"), positive(params, f"{prefix}StopPrice")
    limit = kind.endswith("_LIMIT")
    _check_leg(f"{prefix}Price", bool(price), limit or kind == "LIMIT_MAKER")
    _check_leg(f"{prefix}StopPrice", bool(stop), kind in STOP_TYPES)
    _check_leg(f"{prefix}TimeInForce", time_in_force is not None, limit)
    return NewOrder(
        symbol=pair.symbol,
        side=pair.side,
        type=kind,
        client_order_id=params.client_id(f"{prefix}ClientOrderId") or new_id(),
        time_in_force=time_in_force or "GTC",
        quantity=pair.quantity,
        price=price,
        stop_price=stop,
        stp_mode=pair.stp_mode,
        strategy_id=params.integer(f"{prefix}StrategyId"),
        strategy_type=read_strategy_type(params, f"{prefix}StrategyType"),
    )


def _check_leg(name: str, sent: bool, wanted: bool) -> None:  # noqa: FBT001 - both are what it is about
    if wanted and not sent:
        raise mandatory(name)
    if sent and not wanted:
        raise not_required(name)


def _check_sides(side: str, above: NewOrder, below: NewOrder) -> None:
    """Which type may stand on which side of the market."""
    stop_above, stop_below = (leg.type.startswith("STOP_LOSS") for leg in (above, below))
    if side == "BUY" and stop_below:
        raise VenueError(-1196, "A stop loss order in a buy OCO must be above.")
    if side == "SELL" and stop_above:
        raise VenueError(-1197, "A stop loss order in a sell OCO must be below.")
    if side == "BUY" and not stop_above:
        raise VenueError(-1165, "A limit order in a buy OCO must be below.")
    if side == "SELL" and not stop_below:
        raise VenueError(-1166, "A limit order in a sell OCO must be above.")


@LISTS.add(
    "POST order/oco",
    "orderList.place",
    security=_SIGNED,
    orders=2,
    names=_COMMON + "limitClientOrderId price limitIcebergQty limitStrategyId limitStrategyType "
    "stopClientOrderId stopPrice stopLimitPrice stopIcebergQty stopLimitTimeInForce "
    "stopStrategyId stopStrategyType trailingDelta",
)
async def place_old(call: Call) -> Any:
    """Place a pair in the older form: a limit maker and a stop loss."""
    params, pair = call.params, _pair(call)
    price, stop = positive(params, "price"), positive(params, "stopPrice")
    for name, value in (("price", price), ("stopPrice", stop)):
        if not value:
            raise mandatory(name)
    stop_price_limit = positive(params, "stopLimitPrice")
    time_in_force = read_time_in_force(params, "stopLimitTimeInForce")
    if stop_price_limit and time_in_force is None:
        raise mandatory("stopLimitTimeInForce")
    limit_leg = NewOrder(
        symbol=pair.symbol,
        side=pair.side,
        type="LIMIT_MAKER",
        client_order_id=params.client_id("limitClientOrderId") or new_id(),
        quantity=pair.quantity,
        price=price,
        stp_mode=pair.stp_mode,
    )
    stop_leg = NewOrder(
        symbol=pair.symbol,
        side=pair.side,
        type="STOP_LOSS_LIMIT" if stop_price_limit else "STOP_LOSS",
        client_order_id=params.client_id("stopClientOrderId") or new_id(),
        time_in_force=time_in_force or "GTC",
        quantity=pair.quantity,
        price=stop_price_limit or ZERO,
        stop_price=stop,
        stp_mode=pair.stp_mode,
    )
    if pair.side == "SELL":
        return await _place(call, limit_leg, stop_leg)
    return await _place(call, stop_leg, limit_leg)


async def _place(call: Call, above: NewOrder, below: NewOrder) -> Any:
    last = call.market().last_price
    high, low = (leg.stop_price or leg.price for leg in (above, below))
    if not high > last > low:
        raise rejected("The relationship of the prices for the orders is not correct.")
    answer_type = read_answer_type(call.params, "RESULT")
    list_id = call.params.client_id("listClientOrderId") or new_id()
    opened = call.venue.engine.place_pair(call.account, (above, below), list_id, now_ms())
    found = call.venue.ledger.lists[opened.order_list_id]
    legs = [call.venue.ledger.orders[i] for i in opened.order_ids]
    answer = views.order_list(found, legs)
    answer["orderReports"] = [views.placed(leg, answer_type) for leg in legs]
    await call.venue.commit()
    return answer


def _find(call: Call, id_name: str) -> OrderList | None:
    list_id = call.params.integer("orderListId")
    client_id = call.params.client_id(id_name)
    if list_id is None and client_id is None:
        raise either_of(id_name, "orderListId")
    mine = _mine(call)
    if list_id is not None:
        return next((each for each in mine if each.opened.order_list_id == list_id), None)
    return next((each for each in reversed(mine) if each.opened.client_order_id == client_id), None)


def _mine(call: Call) -> list[OrderList]:
    account_id = call.account.account_id
    return [e for e in call.venue.ledger.lists.values() if e.opened.account_id == account_id]


def _view(call: Call, found: OrderList) -> dict[str, Any]:
    return views.order_list(found, [call.venue.ledger.orders[i] for i in found.opened.order_ids])


@LISTS.add(
    "DELETE orderList",
    "orderList.cancel",
    security=_SIGNED,
    names="symbol orderListId listClientOrderId newClientOrderId",
)
async def cancel(call: Call) -> Any:
    """Cancel a pair."""
    symbol = call.market().rules.symbol
    found = _find(call, "listClientOrderId")
    if found is None or found.done or found.opened.symbol != symbol:
        raise unknown_order()
    request_id, at_ms = call.params.client_id("newClientOrderId") or new_id(), now_ms()
    legs = [call.venue.ledger.orders[i] for i in found.opened.order_ids]
    call.venue.engine.cancel(next(leg for leg in legs if leg.is_open), request_id, at_ms)
    answer = views.order_list(found, legs, at_ms)
    answer["orderReports"] = [views.canceled(leg, request_id, at_ms) for leg in legs]
    await call.venue.commit()
    return answer


@LISTS.add(
    "GET orderList",
    "orderList.status",
    security=_SIGNED,
    weight=4,
    names="orderListId origClientOrderId",
)
async def query(call: Call) -> Any:
    """One pair."""
    found = _find(call, "origClientOrderId")
    if found is None:
        raise VenueError(-2018, "Order list does not exist.")
    return _view(call, found)


@LISTS.add(
    "GET allOrderList",
    "allOrderLists",
    security=_SIGNED,
    weight=20,
    names="fromId startTime endTime limit",
)
async def all_lists(call: Call) -> Any:
    """Every pair of the account."""
    params = call.params
    first, limit = params.integer("fromId"), params.limit(_ROWS, _MOST_ROWS)
    start, end = params.integer("startTime"), params.integer("endTime")
    found = [
        each
        for each in _mine(call)
        if (first is None or each.opened.order_list_id >= first)
        and (start is None or each.opened.time >= start)
        and (end is None or each.opened.time <= end)
    ]
    return [_view(call, each) for each in found[:limit]]


@LISTS.add("GET openOrderList", "openOrderLists.status", security=_SIGNED, weight=6)
async def open_lists(call: Call) -> Any:
    """Pairs that are still open."""
    return [_view(call, each) for each in _mine(call) if not each.done]
