"""Accounts, balances and orders as the fold of records. No I/O, no clock, no matching.

Hazard: this is the only place that changes a balance or an order. Live requests and the replay
of the journal both come through `Ledger.apply`, so that a restart cannot disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.exchange.core.records import (
    ZERO,
    AccountOpened,
    Deposited,
    ListOpened,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderTriggered,
    PriceShifted,
    Record,
    TradeIdsReserved,
)
from sandbox.exchange.core.symbols import SYMBOLS

OPEN_STATUSES = frozenset({"NEW", "PARTIALLY_FILLED"})
STOP_TYPES = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})


@dataclass(slots=True)
class Balance:
    """Free and locked units of one asset."""

    free: Decimal = ZERO
    locked: Decimal = ZERO


@dataclass(slots=True)
class Account:
    """One trading account.

    Attributes:
        can_trade: Whether its key may place and cancel orders.
    """

    account_id: str
    api_key: str
    api_secret: str
    opened_ms: int
    updated_ms: int
    uid: int
    can_trade: bool = True
    balances: dict[str, Balance] = field(default_factory=dict)

    def balance(self, asset: str) -> Balance:
        """The account's balance of `asset`, created empty when it never held any."""
        return self.balances.setdefault(asset, Balance())


@dataclass(slots=True)
class Order:
    """An order and how far it has come."""

    accepted: OrderAccepted
    status: str
    reserved: Decimal
    working: bool
    working_ms: int
    updated_ms: int
    executed: Decimal = ZERO
    quote_executed: Decimal = ZERO
    prevented: Decimal = ZERO
    fills: list[OrderFilled] = field(default_factory=list)

    @property
    def remaining(self) -> Decimal:
        """Base quantity that has not been filled."""
        return self.accepted.quantity - self.executed

    @property
    def is_open(self) -> bool:
        """Whether it can still fill, trigger or be canceled."""
        return self.status in OPEN_STATUSES


@dataclass(slots=True)
class OrderList:
    """An OCO pair."""

    opened: ListOpened
    done: bool = False


class Ledger:
    """Everything that must survive a restart.

    Attributes:
        fees: What the venue has charged, by asset.
        market_net: What the model side has received, by asset (it starts with nothing and may
            owe): with it, balances and fees add up to what was deposited.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.accounts: dict[str, Account] = {}
        self.account_by_key: dict[str, Account] = {}
        self.orders: dict[int, Order] = {}
        self.lists: dict[int, OrderList] = {}
        self.fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.market_net: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.trade_id_limits: dict[str, int] = {}
        self.price_factors: dict[str, str] = {}
        self.last_order_id = 0
        self.last_list_id = -1
        self.sequence = 0
        self._folds: dict[type, Callable[[Any], None]] = {
            AccountOpened: self._account,
            Deposited: self._deposit,
            OrderAccepted: self._accept,
            OrderTriggered: self._trigger,
            OrderFilled: self._fill,
            OrderClosed: self._close,
            ListOpened: self._list,
            TradeIdsReserved: self._trade_ids,
            PriceShifted: self._price_shift,
        }
        self._by_client_id: dict[tuple[str, str, str], int] = {}
        self._open: defaultdict[str, dict[int, Order]] = defaultdict(dict)
        self._orders_of: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._fills_of: defaultdict[tuple[str, str], list[OrderFilled]] = defaultdict(list)

    def record(self, record: Record) -> None:
        """Number a new record and fold it in."""
        record.sequence = self.sequence + 1
        self.apply(record)

    def apply(self, record: Record) -> None:
        """Fold in a record that already has its number (from `record` or the journal)."""
        self.sequence = record.sequence
        self.records.append(record)
        self._folds[type(record)](record)

    def _account(self, record: AccountOpened) -> None:
        account = Account(
            record.account_id,
            record.api_key,
            record.api_secret,
            record.time,
            record.time,
            uid=100_000_000 + len(self.accounts),
            can_trade=record.can_trade,
        )
        for asset, quantity in record.balances.items():
            account.balance(asset).free = quantity
        self.accounts[record.account_id] = account
        self.account_by_key[record.api_key] = account

    def _deposit(self, record: Deposited) -> None:
        account = self.accounts[record.account_id]
        account.balance(record.asset).free += record.quantity
        account.updated_ms = record.time

    def _accept(self, record: OrderAccepted) -> None:
        order = Order(
            record,
            record.status,
            record.reserved,
            record.working,
            record.time if record.working else -1,
            record.time,
        )
        self._reserve(record.account_id, self.reserved_asset(record), record.reserved, record.time)
        self.orders[record.order_id] = order
        self.last_order_id = max(self.last_order_id, record.order_id)
        key = (record.account_id, record.symbol)
        self._orders_of[key].append(record.order_id)
        self._by_client_id[(*key, record.client_order_id)] = record.order_id
        self._open[record.account_id][record.order_id] = order

    def _trigger(self, record: OrderTriggered) -> None:
        order = self.orders[record.order_id]
        more = record.reserved - order.reserved
        asset = self.reserved_asset(order.accepted)
        self._reserve(record.account_id, asset, more, record.time)
        order.reserved = record.reserved
        order.working = True
        order.working_ms = order.updated_ms = record.time

    def _fill(self, record: OrderFilled) -> None:
        order = self.orders[record.order_id]
        rules = SYMBOLS[record.symbol]
        account = self.accounts[record.account_id]
        base, quote = account.balance(rules.base), account.balance(rules.quote)
        released = order.reserved - record.reserved
        if record.side == "BUY":
            quote.locked -= released
            quote.free += released - record.quote_quantity
            base.free += record.quantity - record.commission
        else:
            base.locked -= released
            base.free += released - record.quantity
            quote.free += record.quote_quantity - record.commission
        sign = 1 if record.side == "BUY" else -1
        self.market_net[rules.quote] += sign * record.quote_quantity
        self.market_net[rules.base] -= sign * record.quantity
        self.fees[record.commission_asset] += record.commission
        account.updated_ms = record.time
        order.reserved = record.reserved
        order.executed += record.quantity
        order.quote_executed += record.quote_quantity
        order.fills.append(record)
        self._fills_of[record.account_id, record.symbol].append(record)
        self._set_status(order, record.status, record.time)

    def _close(self, record: OrderClosed) -> None:
        order = self.orders[record.order_id]
        asset = self.reserved_asset(order.accepted)
        self._reserve(record.account_id, asset, -order.reserved, record.time)
        order.reserved = ZERO
        order.prevented += record.prevented
        self._set_status(order, record.status, record.time)

    def _list(self, record: ListOpened) -> None:
        self.lists[record.order_list_id] = OrderList(record)
        self.last_list_id = max(self.last_list_id, record.order_list_id)

    def _trade_ids(self, record: TradeIdsReserved) -> None:
        self.trade_id_limits[record.symbol] = record.limit

    def _price_shift(self, record: PriceShifted) -> None:
        self.price_factors[record.symbol] = record.factor

    def _reserve(self, account_id: str, asset: str, quantity: Decimal, time_ms: int) -> None:
        account = self.accounts[account_id]
        balance = account.balance(asset)
        balance.free -= quantity
        balance.locked += quantity
        account.updated_ms = time_ms

    def _set_status(self, order: Order, status: str, time_ms: int) -> None:
        order.status = status
        order.updated_ms = time_ms
        if not order.is_open:
            accepted = order.accepted
            self._open[accepted.account_id].pop(accepted.order_id, None)
            found = self.lists.get(accepted.order_list_id)
            if found is not None:
                found.done = not any(self.orders[i].is_open for i in found.opened.order_ids)

    @staticmethod
    def reserved_asset(accepted: OrderAccepted) -> str:
        """The asset that an order locks."""
        rules = SYMBOLS[accepted.symbol]
        return rules.quote if accepted.side == "BUY" else rules.base

    def by_client_id(self, account_id: str, symbol: str, client_order_id: str) -> Order | None:
        """The newest order with this client id."""
        order_id = self._by_client_id.get((account_id, symbol, client_order_id))
        return None if order_id is None else self.orders[order_id]

    def open_orders(self, account_id: str, symbol: str | None = None) -> Iterator[Order]:
        """Open orders, oldest first."""
        for order in list(self._open[account_id].values()):
            if symbol is None or order.accepted.symbol == symbol:
                yield order

    def all_open(self) -> Iterator[Order]:
        """Open orders of every account, oldest first within an account."""
        for account_id in list(self._open):
            yield from self.open_orders(account_id)

    def orders_of(self, account_id: str, symbol: str) -> list[Order]:
        """Every order of an account on a symbol, oldest first."""
        return [self.orders[i] for i in self._orders_of[account_id, symbol]]

    def fills_of(self, account_id: str, symbol: str) -> list[OrderFilled]:
        """Every fill of an account on a symbol, oldest first."""
        return self._fills_of[account_id, symbol]
