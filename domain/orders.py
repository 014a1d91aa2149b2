"""What a user asks for: an order, its validation against the venue's filters, its ids."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from enum import StrEnum
from typing import NoReturn

from domain.errors import ErrorCode, Rejected
from domain.market import SymbolRules
from domain.precision import LARGEST, is_countable


class Side(StrEnum):
    """Which way."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How the venue is to execute the order."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(StrEnum):
    """Good till canceled, immediate or cancel, fill or kill."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


STOP_TYPES = frozenset({OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT})


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """An order as its user asked for it; prices in the quote asset, quantity in the base.

    Exactly one of `quantity` and `quote_quantity` is set.
    """

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    ai_signal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An intent with its owner and its ids, all derived from (user, idempotency key)."""

    trade_id: str
    user_id: str
    base_asset: str
    quote_asset: str
    step_size: Decimal
    intent: OrderIntent
    fingerprint: str

    @property
    def client_order_id(self) -> str:
        """The id sent with the order to the venue."""
        return client_order_id(self.trade_id)

    @property
    def workflow_id(self) -> str:
        """The workflow that executes it."""
        return workflow_id(self.trade_id)


# Any fixed namespace serves; changing it would let old keys trade again.
_TRADE_NAMESPACE = uuid.UUID("6f0f3c1e-6d0b-5b7e-9d7e-6b8f4f6f2a11")
_CLIENT_ORDER_PREFIX = "bc-"
# The default context would round numbers of more than 28 digits to the same one.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def trade_id_of(user_id: str, idempotency_key: str) -> str:
    """Derive the trade's id, so that the same key of the same user is the same trade."""
    return str(uuid.uuid5(_TRADE_NAMESPACE, f"{user_id}\x00{idempotency_key}"))


def workflow_id(trade_id: str) -> str:
    """Return the workflow's id of a trade."""
    return f"trade-{trade_id}"


def client_order_id(trade_id: str) -> str:
    """Return the venue-side id of a trade's order.

    Binance allows 36 characters of `[.A-Z:/a-z0-9_-]`; this has 35.
    """
    return _CLIENT_ORDER_PREFIX + trade_id.replace("-", "")


def trade_id_from_client_order_id(value: str) -> str | None:
    """Return the trade of a venue-side id, or None where the order is not one of ours."""
    try:
        trade_id = str(uuid.UUID(hex=value.removeprefix(_CLIENT_ORDER_PREFIX)))
    except ValueError:
        return None
    # UUID reads many spellings (no prefix, braces, capitals); only one of them is ours.
    return trade_id if client_order_id(trade_id) == value else None


def fingerprint(intent: OrderIntent) -> str:
    """Return what tells two bodies under one key apart: equal orders have equal ones.

    Numbers count by value, whatever they are: this is asked before they are validated.
    """

    def plain(value: Decimal | str | None) -> str | None:
        return str(value.normalize(_EXACT)) if isinstance(value, Decimal) else value

    fields = {name: plain(getattr(intent, name)) for name in OrderIntent.__slots__}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def validate_intent(intent: OrderIntent, rules: SymbolRules) -> None:
    """Check an intent against itself and against the venue's filters, before anything is kept.

    Raises:
        Rejected: `INVALID_ORDER` where the fields do not fit the type, `FILTER_FAILURE` where
            the venue's PRICE_FILTER, LOT_SIZE or NOTIONAL forbids the numbers.
    """
    _check_shape(intent)
    if intent.price is not None:
        _check_price("price", intent.price, rules)
    if intent.stop_price is not None:
        _check_price("stop_price", intent.stop_price, rules)
    if intent.quantity is not None:
        _check_quantity(intent, intent.quantity, rules)
    if intent.price is not None and intent.quantity is not None:
        _check_notional("quantity", intent.price * intent.quantity, rules)
    if intent.quote_quantity is not None:
        _check_notional("quote_quantity", intent.quote_quantity, rules)


def _check_shape(intent: OrderIntent) -> None:
    problems = _misfits(intent)
    for name in ("quantity", "quote_quantity", "price", "stop_price"):
        value = getattr(intent, name)
        if value is None:
            continue
        if not is_countable(value):
            problems[name] = "must be a number below 1e11 with at most 8 decimals"
        elif value <= 0:
            problems[name] = "must be greater than zero"
    if problems:
        raise Rejected(
            ErrorCode.INVALID_ORDER,
            "; ".join(f"{field}: {detail}" for field, detail in problems.items()),
            errors=[{"field": field, "message": detail} for field, detail in problems.items()],
        )


def _misfits(intent: OrderIntent) -> dict[str, str]:
    """Return the fields that do not fit the order's type, each with what is wrong."""
    problems: dict[str, str] = {}
    is_market = intent.type is OrderType.MARKET
    if (intent.quantity is None) == (intent.quote_quantity is None):
        problems["quantity"] = "give exactly one of quantity and quote_quantity"
    if intent.quote_quantity is not None and not is_market:
        problems["quote_quantity"] = "only a MARKET order takes a quote_quantity"
    if is_market == (intent.price is not None):
        problems["price"] = "a MARKET order takes no price" if is_market else "a price is needed"
    if (intent.type in STOP_TYPES) != (intent.stop_price is not None):
        problems["stop_price"] = "STOP_LOSS_LIMIT and TAKE_PROFIT_LIMIT take one, others none"
    if is_market and intent.time_in_force is not None:
        problems["time_in_force"] = "a MARKET order takes none"
    return problems


def _refuse(filter_name: str, field: str, detail: str) -> NoReturn:
    raise Rejected(
        ErrorCode.FILTER_FAILURE,
        f"{filter_name}: {field} {detail}",
        errors=[{"field": field, "message": detail}],
    )


def _check_price(field: str, price: Decimal, rules: SymbolRules) -> None:
    if rules.tick_size and price % rules.tick_size:
        _refuse("PRICE_FILTER", field, f"is not a multiple of {rules.tick_size:f}")
    if price < rules.min_price or (rules.max_price and price > rules.max_price):
        _refuse("PRICE_FILTER", field, "is out of the venue's range")


def _check_quantity(intent: OrderIntent, quantity: Decimal, rules: SymbolRules) -> None:
    if rules.step_size and quantity % rules.step_size:
        _refuse("LOT_SIZE", "quantity", f"is not a multiple of {rules.step_size:f}")
    if quantity < rules.min_quantity or (rules.max_quantity and quantity > rules.max_quantity):
        _refuse("LOT_SIZE", "quantity", "is out of the venue's range")
    largest = rules.max_market_quantity
    if intent.type is OrderType.MARKET and largest and quantity > largest:
        _refuse("MARKET_LOT_SIZE", "quantity", "is out of the venue's range")


def _check_notional(field: str, notional: Decimal, rules: SymbolRules) -> None:
    if notional >= LARGEST:
        _refuse("NOTIONAL", field, "makes a notional that no account can hold")
    if notional < rules.min_notional:
        _refuse("NOTIONAL", field, f"makes a notional below {rules.min_notional:f}")
