"""What a client asks for, before and as it is accepted."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.exchange.core.ledger import STOP_TYPES
from sandbox.exchange.core.records import ZERO, OrderAccepted
from sandbox.exchange.core.symbols import DEFAULT_STP


@dataclass(slots=True, kw_only=True)
class NewOrder:
    """What a client asks for. `client_order_id` is always filled in by the caller."""

    symbol: str
    side: str
    type: str
    client_order_id: str
    time_in_force: str = "GTC"
    quantity: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    price: Decimal = ZERO
    stop_price: Decimal = ZERO
    stp_mode: str = DEFAULT_STP
    strategy_id: int | None = None
    strategy_type: int | None = None


def accepted_of(new: NewOrder, account_id: str, order_id: int, now_ms: int) -> OrderAccepted:
    """The record of acceptance; what it locks is the engine's to fill in."""
    return OrderAccepted(
        time=now_ms,
        account_id=account_id,
        symbol=new.symbol,
        side=new.side,
        type=new.type,
        time_in_force=new.time_in_force,
        order_id=order_id,
        client_order_id=new.client_order_id,
        price=new.price,
        quantity=new.quantity,
        quote_quantity=new.quote_quantity,
        stop_price=new.stop_price,
        reserved=ZERO,
        working=new.type not in STOP_TYPES,
        stp_mode=new.stp_mode,
        strategy_id=new.strategy_id,
        strategy_type=new.strategy_type,
    )
