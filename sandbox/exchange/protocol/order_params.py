"""The parameters of a new order, in the venue's order of checks."""

import secrets
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sandbox.exchange.core.errors import VenueError, either_of, mandatory, not_required
from sandbox.exchange.core.ledger import STOP_TYPES
from sandbox.exchange.core.new_order import NewOrder
from sandbox.exchange.core.records import ZERO
from sandbox.exchange.core.symbols import DEFAULT_STP, ORDER_TYPES, STP_MODES
from sandbox.exchange.protocol.params import Params

ANSWER_TYPES: Final = ("ACK", "RESULT", "FULL")
TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK")
ORDER_NAMES: Final = (
    "symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId "
    "strategyType stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode"
)
_PRICED: Final = frozenset({"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
_TIMED: Final = frozenset({"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
_LEAST_STRATEGY_TYPE: Final = 1_000_000


def new_id() -> str:
    """A client order id, for whoever sent none."""
    return secrets.token_hex(11)


def read_order(params: Params) -> NewOrder:
    """A new order from its parameters; the symbol is known to exist.

    Raises:
        VenueError: The first thing that is wrong with them.
    """
    side, kind = read_side(params), _read_type(params)
    time_in_force = read_time_in_force(params, "timeInForce")
    order = NewOrder(
        symbol=params.need_symbol(),
        side=side,
        type=kind,
        client_order_id=params.client_id("newClientOrderId") or new_id(),
        time_in_force=time_in_force or "GTC",
        quantity=positive(params, "quantity"),
        quote_quantity=positive(params, "quoteOrderQty"),
        price=positive(params, "price"),
        stop_price=positive(params, "stopPrice"),
        stp_mode=read_stp(params),
        strategy_id=params.integer("strategyId"),
        strategy_type=read_strategy_type(params, "strategyType"),
    )
    _check_extras(params)
    _check_combination(order, time_in_force)
    return order if kind != "MARKET" else replace(order, time_in_force="GTC")


def read_side(params: Params) -> str:
    """The mandatory `side`.

    Raises:
        VenueError: -1102 or -1117.
    """
    params.need("side")
    return params.choice("side", ("BUY", "SELL"), VenueError(-1117, "Invalid side.")) or ""


def _read_type(params: Params) -> str:
    params.need("type")
    return params.choice("type", ORDER_TYPES, VenueError(-1116, "Invalid orderType.")) or ""


def read_time_in_force(params: Params, name: str) -> str | None:
    """A time in force, where it was sent.

    Raises:
        VenueError: -1115.
    """
    return params.choice(name, TIMES_IN_FORCE, VenueError(-1115, "Invalid timeInForce."))


def read_stp(params: Params) -> str:
    """The self-trade prevention mode, or the symbol's own.

    Raises:
        VenueError: -1013 for one that the symbol does not allow.
    """
    error = VenueError(
        -1013, "This symbol does not allow the specified self-trade prevention mode."
    )
    return params.choice("selfTradePreventionMode", STP_MODES, error) or DEFAULT_STP


def read_strategy_type(params: Params, name: str) -> int | None:
    """A strategy type.

    Raises:
        VenueError: -1134.
    """
    found = params.integer(name)
    if found is not None and found < _LEAST_STRATEGY_TYPE:
        raise VenueError(-1134, "'strategyType' was less than 1000000.")
    return found


def read_answer_type(params: Params, default: str) -> str:
    """How much the answer is to tell.

    Raises:
        VenueError: -1117, as Binance has it for a bad enum here.
    """
    error = VenueError(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    return params.choice("newOrderRespType", ANSWER_TYPES, error) or default


def default_answer(kind: str) -> str:
    """The answer type of an order type whose sender did not choose."""
    return "FULL" if kind in {"MARKET", "LIMIT"} else "ACK"


def positive(params: Params, name: str) -> Decimal:
    """A price or quantity; zero stands for "not sent".

    Raises:
        VenueError: -1013 when zero was sent.
    """
    found = params.decimal(name)
    if found is None:
        return ZERO
    if not found:
        words = {"price": "price", "stopPrice": "stopPrice", "quoteOrderQty": "quote order qty"}
        raise VenueError(-1013, f"Invalid {words.get(name, 'quantity')}.")
    return found


def _check_extras(params: Params) -> None:
    if "icebergQty" in params:
        raise VenueError(-1013, "Iceberg orders are not supported for this symbol.")
    if "trailingDelta" in params:
        raise VenueError(-1013, "Trailing stop orders are not supported for this symbol.")


def _check_combination(order: NewOrder, time_in_force: str | None) -> None:
    """Parameters that an order type must have and those that it must not.

    Raises:
        VenueError: -1102 or -1106.
    """
    kind = order.type
    if kind in _TIMED and time_in_force is None:
        raise mandatory("timeInForce")
    if kind not in _TIMED and time_in_force is not None:
        raise not_required("timeInForce")
    if kind == "MARKET":
        if not order.quantity and not order.quote_quantity:
            raise either_of("quantity", "quoteOrderQty")
        if order.quantity and order.quote_quantity:
            raise not_required("quoteOrderQty")
    elif order.quote_quantity:
        raise not_required("quoteOrderQty")
    elif not order.quantity:
        raise mandatory("quantity")
    _check_presence("price", bool(order.price), wanted=kind in _PRICED)
    _check_presence("stopPrice", bool(order.stop_price), wanted=kind in STOP_TYPES)


def _check_presence(name: str, sent: bool, *, wanted: bool) -> None:  # noqa: FBT001 - `sent` is what it is about
    if wanted and not sent:
        raise mandatory(name)
    if sent and not wanted:
        raise not_required(name)
