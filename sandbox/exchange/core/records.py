"""What happened, as records. Folding them in order of `sequence` gives the whole state.

The same records are the journal's lines and the truth behind `/sandbox/ledger`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final

import orjson

ZERO: Final = Decimal(0)


@dataclass(slots=True, kw_only=True)
class AccountOpened:
    """A new account with its key and first balances.

    Attributes:
        can_trade: Whether its key may place and cancel orders.
    """

    kind: str = "ACCOUNT"
    sequence: int = 0
    time: int
    account_id: str
    api_key: str
    api_secret: str
    balances: dict[str, Decimal]
    can_trade: bool = True


@dataclass(slots=True, kw_only=True)
class Deposited:
    """Funds that came in from outside."""

    kind: str = "DEPOSIT"
    sequence: int = 0
    time: int
    account_id: str
    asset: str
    quantity: Decimal


@dataclass(slots=True, kw_only=True)
class OrderAccepted:
    """An order that the engine took, before any fill.

    Attributes:
        reserved: What it locks: quote asset for a purchase, base asset for a sale.
        working: Whether it is live; a stop order is not until it triggers.
    """

    kind: str = "ORDER"
    sequence: int = 0
    time: int
    account_id: str
    symbol: str
    side: str
    type: str
    time_in_force: str
    order_id: int
    client_order_id: str
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal = ZERO
    stop_price: Decimal = ZERO
    order_list_id: int = -1
    reserved: Decimal
    working: bool = True
    stp_mode: str = "EXPIRE_MAKER"
    strategy_id: int | None = None
    strategy_type: int | None = None
    status: str = "NEW"


@dataclass(slots=True, kw_only=True)
class OrderTriggered:
    """A stop order whose stop price was reached."""

    kind: str = "TRIGGER"
    sequence: int = 0
    time: int
    account_id: str
    symbol: str
    order_id: int
    client_order_id: str
    reserved: Decimal
    status: str = "NEW"


@dataclass(slots=True, kw_only=True)
class OrderFilled:
    """One fill of one account's order; a trade between two accounts makes two of these.

    Attributes:
        quote_quantity: Quote asset that changed hands.
        reserved: What the order still locks after this fill.
        status: The order's status after this fill.
    """

    kind: str = "FILL"
    sequence: int = 0
    time: int
    account_id: str
    symbol: str
    side: str
    type: str
    order_id: int
    client_order_id: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    commission: Decimal
    commission_asset: str
    is_maker: bool
    reserved: Decimal
    status: str


@dataclass(slots=True, kw_only=True)
class OrderClosed:
    """An order that left without (all of) its quantity: CANCEL or EXPIRE.

    Attributes:
        request_id: The `newClientOrderId` of a cancel.
        prevented: Quantity that self-trade prevention took out.
    """

    kind: str
    sequence: int = 0
    time: int
    account_id: str
    symbol: str
    side: str
    type: str
    order_id: int
    client_order_id: str
    price: Decimal
    quantity: Decimal
    status: str
    request_id: str = ""
    prevented: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class ListOpened:
    """A pair of which one order cancels the other."""

    kind: str = "LIST"
    sequence: int = 0
    time: int
    account_id: str
    symbol: str
    order_list_id: int
    client_order_id: str
    order_ids: list[int]
    leg_client_order_ids: list[str]


@dataclass(slots=True, kw_only=True)
class TradeIdsReserved:
    """Public trade ids below `limit` may have been used; a restart goes on from there."""

    kind: str = "TRADE_IDS"
    sequence: int = 0
    time: int
    symbol: str
    limit: int


@dataclass(slots=True, kw_only=True)
class PriceShifted:
    """Somebody moved a symbol's price; the model goes on from `factor` times its own."""

    kind: str = "PRICE_SHIFT"
    sequence: int = 0
    time: int
    symbol: str
    factor: str


Record = (
    AccountOpened
    | Deposited
    | OrderAccepted
    | OrderTriggered
    | OrderFilled
    | OrderClosed
    | ListOpened
    | TradeIdsReserved
    | PriceShifted
)

_CLASSES: Final[dict[str, type[Any]]] = {
    "ACCOUNT": AccountOpened,
    "DEPOSIT": Deposited,
    "ORDER": OrderAccepted,
    "TRIGGER": OrderTriggered,
    "FILL": OrderFilled,
    "CANCEL": OrderClosed,
    "EXPIRE": OrderClosed,
    "LIST": ListOpened,
    "TRADE_IDS": TradeIdsReserved,
    "PRICE_SHIFT": PriceShifted,
}
_DECIMALS: Final = {
    kind: tuple(field.name for field in fields(cls) if field.type is Decimal)
    for kind, cls in _CLASSES.items()
}
LEDGER_KINDS: Final = frozenset(
    {"ACCOUNT", "DEPOSIT", "ORDER", "TRIGGER", "FILL", "CANCEL", "EXPIRE"}
)


def encode(records: Iterable[Record]) -> bytes:
    """One journal line: the records of one act, which are all there or none of them."""
    return orjson.dumps(list(records), default=str) + b"\n"


def decode(line: bytes) -> list[Record]:
    """The records of one journal line.

    Raises:
        ValueError: The line is torn or not one of ours.
    """
    found: list[Record] = []
    for raw in orjson.loads(line):
        kind = raw.get("kind")
        if kind not in _CLASSES:
            raise ValueError(f"unknown record kind {kind!r}")
        for name in _DECIMALS[kind]:
            raw[name] = Decimal(raw[name])
        if kind == "ACCOUNT":
            raw["balances"] = {a: Decimal(q) for a, q in raw["balances"].items()}
        found.append(_CLASSES[kind](**raw))
    return found


def number(value: Decimal) -> orjson.Fragment:
    """`value` as an exact JSON number without trailing zeros."""
    written = f"{value:f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return orjson.Fragment(written)
