"""Engines and orders for the engine's tests."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandbox.exchange.core.engine import Engine
from sandbox.exchange.core.ledger import Ledger, Order
from sandbox.exchange.core.new_order import NewOrder
from sandbox.exchange.core.records import AccountOpened
from sandbox.exchange.core.symbols import SYMBOLS

SYMBOL = "ETHBTC"
RULES = SYMBOLS[SYMBOL]
FUNDS = {"ETH": Decimal(50), "BTC": Decimal(3)}
NAMES = ("ann", "bob", "cyd")
ids = iter(range(10**9))


def engine_with(*names: str, funds: dict[str, Decimal] | None = None) -> Engine:
    engine = Engine(Ledger())
    for name in names:
        engine.open_account(
            AccountOpened(
                time=0,
                account_id=name,
                api_key=name,
                api_secret=name,
                balances=dict(FUNDS if funds is None else funds),
            )
        )
    return engine


def order(side: str, quantity: str, price: str = "0", **more: Any) -> NewOrder:
    kind = "LIMIT" if Decimal(price) else "MARKET"
    details: dict[str, Any] = {"type": kind, "client_order_id": f"c{next(ids)}"} | more
    return NewOrder(
        symbol=SYMBOL,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        **details,
    )


def place(engine: Engine, name: str, new: NewOrder) -> Order:
    return engine.place(engine.ledger.accounts[name], new, 1)


def totals(ledger: Ledger) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for account in ledger.accounts.values():
        for asset, balance in account.balances.items():
            found[asset] += balance.free + balance.locked
    for part in (ledger.fees, ledger.market_net):
        for asset, quantity in part.items():
            found[asset] += quantity
    return dict(found)


def next_id() -> str:
    return f"c{next(ids)}"
